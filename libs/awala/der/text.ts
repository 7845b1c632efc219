/** The octets as characters U+0000 to U+00FF, one each: a key for maps and a cheap comparison. */
export function latin1Of(octets: Uint8Array): string {
  return bufferOver(octets).toString('latin1');
}

export function hexOf(octets: Uint8Array): string {
  return bufferOver(octets).toString('hex');
}

/** The same memory as a Buffer. */
export function bufferOver(octets: Uint8Array): Buffer {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
}
