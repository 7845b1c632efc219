import { BackupError } from './backup-error.ts';

/**
 * What an archive may take besides the files that its manifest counts: headers, padding, room for
 * small files. Keys and certificates must fit in it by themselves.
 */
export const MAX_BESIDE_OCTETS = 16 * 1_024 * 1_024;
/** Of its size, each body of over 128 KiB brings so small a part in header and padding. */
const BODIES_PER_HEADER = 64;
/** What a file takes on a disk, however small it is. */
const LEAST_FILE_OCTETS = 4_096;
/** A header, and padding to whole blocks. */
const HEADER_AND_PADDING_OCTETS = 1_024;
/** The manifest and the archive’s end, which take a few blocks. */
const AROUND_OCTETS = 65_536;

/**
 * Whether keys and certificates are more than the bound of an archive takes, so that nobody makes a
 * backup that nobody can restore.
 *
 * @param sizesOctets - of each file
 */
export function isTooMuchBeside(sizesOctets: readonly number[]): boolean {
  const octets = sizesOctets
    .map((size) => Math.max(size, LEAST_FILE_OCTETS) + HEADER_AND_PADDING_OCTETS)
    .reduce((sum, one) => sum + one, AROUND_OCTETS);
  return octets > MAX_BESIDE_OCTETS;
}

/**
 * Bounds what comes out of a backup. Whoever knows the public key can make one that says it is small
 * and never ends, or that has a file for each number that there is.
 */
export class ArchiveBound {
  #leftOctets = MAX_BESIDE_OCTETS;

  /** @param octets - what the manifest says that the files take */
  widen(octets: number): void {
    this.#leftOctets += octets + octets / BODIES_PER_HEADER;
  }

  /**
   * Passes an archive on.
   *
   * @throws {BackupError} as soon as more comes than may
   */
  async *through(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of archive) {
      this.#take(piece.length);
      yield piece;
    }
  }

  /** Counts a small file as a larger one; what it holds is counted as it comes. */
  countFile(sizeOctets: number): void {
    this.#take(Math.max(0, LEAST_FILE_OCTETS - sizeOctets));
  }

  #take(octets: number): void {
    this.#leftOctets -= octets;
    if (this.#leftOctets < 0) {
      throw new BackupError('the backup holds more than it says of itself: it is a forgery');
    }
  }
}
