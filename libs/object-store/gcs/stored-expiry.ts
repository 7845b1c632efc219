/**
 * Age at which the bucket deletes an object without a custom time; every object of ours has one.
 */
const AGE_LIMIT_MS = 180 * 24 * 3_600_000;

const CONTENT_TYPE = /^application\/octet-stream; expires-at=(-?\d{1,16})$/;

/**
 * Metadata that hold an object's expiry: the custom time, for the bucket's lifecycle and for
 * listings, and the content type, as the only one of the two that a download returns.
 */
export function expiryMetadata(expiresAt: Date) {
  return {
    customTime: expiresAt.toISOString(),
    contentType: `application/octet-stream; expires-at=${expiresAt.getTime()}`,
  };
}

/**
 * Reads the expiry from a downloaded object's content type.
 *
 * @returns null for an object that this store did not write
 */
export function expiryOfDownload(contentType: string | undefined): Date | null {
  const [, milliseconds] = CONTENT_TYPE.exec(contentType ?? '') ?? [];
  return milliseconds === undefined ? null : new Date(Number(milliseconds));
}

/**
 * Reads the expiry of a listed object from its custom time; without one, the bucket's age limit
 * counts.
 */
export function expiryOfListed(customTime: string | undefined, storedAt: Date): Date {
  return customTime ? new Date(customTime) : new Date(storedAt.getTime() + AGE_LIMIT_MS);
}
