/** Octets that a cipher's padding may take after the content. */
const MAX_PADDING_OCTETS = 16;

/**
 * Frees the memory of octets at once, if they own their buffer up to a cipher's padding; the array
 * is empty afterwards. For the owner of large arrays only.
 *
 * The garbage collector would let 64 MiB of them pile up first, at a cost in memory and time.
 */
export function freeOctets({ buffer, byteOffset, byteLength }: Uint8Array): void {
  const isWhole = byteOffset === 0 && buffer.byteLength - byteLength <= MAX_PADDING_OCTETS;
  if (isWhole && buffer instanceof ArrayBuffer && !buffer.detached) {
    buffer.transfer(0);
  }
}
