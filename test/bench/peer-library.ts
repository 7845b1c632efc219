/** The peer library wants an ArrayBuffer of its own. */
export function arrayBufferOf(octets: Uint8Array): ArrayBuffer {
  return Uint8Array.from(octets).buffer;
}
