/** The service answered, but not with what was asked for. */
export class GcsStatusError extends Error {
  readonly status: number;

  constructor(status: number, body: Buffer) {
    super(`Cloud Storage answered ${status}: ${body.toString('utf8', 0, 300)}`);
    this.name = 'GcsStatusError';
    this.status = status;
  }
}

const TRANSIENT_STATUSES = new Set([408, 429, 500, 502, 503, 504]);

/**
 * Whether the same request may well succeed soon: the service says so, or the
 * connection failed.
 */
export function isTransient(error: unknown): boolean {
  return error instanceof GcsStatusError ? TRANSIENT_STATUSES.has(error.status) : true;
}
