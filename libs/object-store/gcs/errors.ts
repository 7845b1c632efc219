const MOST_TEXT = 300;

/** Cloud Storage answered, but refused. */
export class GcsStatusError extends Error {
  /** HTTP status. */
  readonly status: number;

  constructor(status: number, text: string) {
    super(`Cloud Storage answered ${status}: ${text.slice(0, MOST_TEXT)}`);
    this.name = 'GcsStatusError';
    this.status = status;
  }
}

const TRANSIENT_STATUSES = new Set([408, 429, 500, 502, 503, 504]);

/**
 * Whether a retry may succeed soon: the service asks for one, the connection failed, or the data
 * arrived damaged.
 */
export function isTransient(error: unknown): boolean {
  return error instanceof GcsStatusError ? TRANSIENT_STATUSES.has(error.status) : true;
}

/** Whether the object is missing; a missing bucket is a failure instead. */
export function isObjectMissing(error: unknown): boolean {
  return (
    error instanceof GcsStatusError &&
    error.status === 404 &&
    !/NoSuchBucket|bucket does not exist/i.test(error.message)
  );
}

/** Whether the object was not in the state that the request required. */
export function isUnmet(error: unknown): boolean {
  return error instanceof GcsStatusError && error.status === 412;
}
