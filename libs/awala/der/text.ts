/** The octets as characters U+0000 to U+00FF, one each; for map keys and cheap comparisons. */
export function latin1Of(octets: Uint8Array): string {
  return bufferOver(octets).toString('latin1');
}

/** The octets in lowercase hex. */
export function hexOf(octets: Uint8Array): string {
  return bufferOver(octets).toString('hex');
}

/** A Buffer over the same memory. */
export function bufferOver(octets: Uint8Array): Buffer {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
}
