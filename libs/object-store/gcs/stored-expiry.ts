/** Age at which the bucket removes an object without a custom time, which none of ours is. */
const AGE_LIMIT_MS = 180 * 24 * 3_600_000;

const CONTENT_TYPE = /^application\/octet-stream; expires-at=(-?\d{1,16})$/;

/**
 * The metadata that tell when an object expires. Its custom time is for the bucket's lifecycle and for
 * listings; a download tells nothing of it, nor of custom metadata, but does give the type of
 * the content, so that is where the expiry is repeated.
 */
export function expiryMetadata(expiresAt: Date) {
  return {
    customTime: expiresAt.toISOString(),
    contentType: `application/octet-stream; expires-at=${expiresAt.getTime()}`,
  };
}

/** @returns null if the object is none of ours */
export function expiryOfDownload(contentType: string | undefined): Date | null {
  const [, milliseconds] = CONTENT_TYPE.exec(contentType ?? '') ?? [];
  return milliseconds === undefined ? null : new Date(Number(milliseconds));
}

export function expiryOfListed(customTime: string | undefined, storedAt: Date): Date {
  return customTime ? new Date(customTime) : new Date(storedAt.getTime() + AGE_LIMIT_MS);
}
