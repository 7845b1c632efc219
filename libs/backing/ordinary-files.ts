import { constants, type Stats, statSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';

/** Something else than a file stands in a file's place. */
export class OddFileError extends Error {
  readonly code = 'ODD_FILE';

  constructor(path: string, kind: string, options?: ErrorOptions) {
    super(`${path} is ${kind}, where a file belongs: move it away`, options);
    this.name = 'OddFileError';
  }
}

/**
 * Opens an ordinary file. Opening a pipe otherwise waits until somebody else opens it, and reading
 * a device may never end.
 *
 * @param flags - as of open(2)
 * @throws {OddFileError}
 */
export async function openOrdinary(
  path: string,
  flags: number,
  mode?: number,
): Promise<FileHandle> {
  const file = await open(path, flags | constants.O_NONBLOCK, mode).catch((error: unknown) => {
    // A socket, a pipe that nobody reads, or a folder, as far as they are still there.
    assertOrdinary(path);
    throw error;
  });
  const found = await file.stat();
  if (!found.isFile()) {
    await file.close();
    throw new OddFileError(path, kindOf(found));
  }
  return file;
}

/**
 * Reads an ordinary file as it is once it is open, whatever another user puts in its place meanwhile.
 *
 * @param flags - as of open(2), besides those to read
 * @returns null if there is more than `mostOctets`
 * @throws {OddFileError}
 */
export async function readOrdinary(
  path: string,
  mostOctets: number,
  flags = 0,
): Promise<Buffer | null> {
  await using file = await openOrdinary(path, constants.O_RDONLY | flags);
  const stream = file.createReadStream({ end: mostOctets, autoClose: false });
  const octets = Buffer.concat(await Array.fromAsync(stream));
  return octets.length > mostOctets ? null : octets;
}

/**
 * For files that others than Node open.
 *
 * @throws {OddFileError} if there is something else than a file
 */
export function assertOrdinary(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found && !found.isFile()) {
    throw new OddFileError(path, kindOf(found));
  }
}

/** Whether something is at a path, and not only a link to nothing. */
export function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) {
    return 'a folder';
  }
  if (found.isFIFO()) {
    return 'a pipe';
  }
  return found.isSocket() ? 'a socket' : 'a device';
}
