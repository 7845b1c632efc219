import type { IncomingHttpHeaders } from 'node:http';
import { ExpectedError } from '#awala/expected-error.ts';

/**
 * An HTTP request that is answered with an error by intention: its status goes
 * into the response as it is, its message into the body.
 */
export class Refusal extends ExpectedError {
  readonly code = 'REFUSED';
  readonly statusCode: number;
  /** A label for metrics and logs, from a bounded set. */
  readonly reason: string;

  constructor(statusCode: number, message: string, reason: string = `http-${statusCode}`) {
    super(message);
    this.name = 'Refusal';
    this.statusCode = statusCode;
    this.reason = reason;
  }
}

/**
 * Demands a media type, whatever its parameters (`; charset=…`) or case.
 *
 * @throws {Refusal} 415
 */
export function requireMediaType(
  request: { readonly headers: IncomingHttpHeaders },
  expected: string,
): void {
  const [mediaType] = (request.headers['content-type'] ?? '').split(';', 1);
  if (mediaType?.trim().toLowerCase() !== expected) {
    throw new Refusal(415, `The content type must be ${expected}`, 'media-type');
  }
}
