import type { ApiError } from '@google-cloud/storage';

const MOST_TEXT = 300;

/** The service answered, but not with what was asked for. */
export class GcsStatusError extends Error {
  /** That of HTTP. */
  readonly status: number;

  constructor(status: number, text: string) {
    super(`Cloud Storage answered ${status}: ${text.slice(0, MOST_TEXT)}`);
    this.name = 'GcsStatusError';
    this.status = status;
  }
}

const TRANSIENT_STATUSES = new Set([408, 429, 500, 502, 503, 504]);

/**
 * Whether the same request may well succeed soon: the service says so, the
 * connection failed, or what came over it was damaged.
 */
export function isTransient(error: unknown): boolean {
  return error instanceof GcsStatusError ? TRANSIENT_STATUSES.has(error.status) : true;
}

/** The client library's error as ours, if it tells of an answer. */
export function asStatusError(error: unknown): unknown {
  return isAnswer(error) ? new GcsStatusError(error.code, error.message) : error;
}

/** Whether it was an object that is not there; a bucket that is not there is a failure. */
export function isObjectMissing(error: unknown): boolean {
  return (
    error instanceof GcsStatusError &&
    error.status === 404 &&
    !/NoSuchBucket|bucket does not exist/i.test(error.message)
  );
}

/** Whether the object is not in the state that the request named. */
export function isUnmet(error: unknown): boolean {
  return error instanceof GcsStatusError && error.status === 412;
}

/** By its shape, so that nothing of the library need be loaded. */
function isAnswer(error: unknown): error is ApiError & { code: number } {
  return error instanceof Error && 'code' in error && typeof error.code === 'number';
}
