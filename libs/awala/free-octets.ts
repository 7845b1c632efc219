/** What a cipher's padding may have taken behind the octets. */
const MAX_PADDING_OCTETS = 16;

/**
 * Gives the memory of octets back at once, if they have it alone, but for a
 * cipher's padding: the array is empty afterwards. To be called for large ones
 * only, by whoever owns them.
 *
 * What is left to the garbage collector adds up to 64 MiB before that looks at it,
 * which takes more memory, and more time.
 */
export function freeOctets({ buffer, byteOffset, byteLength }: Uint8Array): void {
  const isWhole = byteOffset === 0 && buffer.byteLength - byteLength <= MAX_PADDING_OCTETS;
  if (isWhole && buffer instanceof ArrayBuffer && !buffer.detached) {
    buffer.transfer(0);
  }
}
