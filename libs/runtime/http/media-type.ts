import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from '#awala/errors.ts';

/**
 * Demands a media type, whatever its parameters (`; charset=…`) or case.
 *
 * @throws {Refusal} `media-type`
 */
export function requireMediaType(
  request: { readonly headers: IncomingHttpHeaders },
  expected: string,
): void {
  const [mediaType] = (request.headers['content-type'] ?? '').split(';', 1);
  if (mediaType?.trim().toLowerCase() !== expected) {
    throw new Refusal('media-type', `The content type must be ${expected}`);
  }
}
