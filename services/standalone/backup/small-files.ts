import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assertOrdinary, readOrdinary } from '#backing/ordinary-files.ts';
import { unlessAbsent } from '#backing/system-errors.ts';
import { ADDRESS_FILE } from '#composition/data-folder.ts';
import { isTooMuchBeside, MAX_BESIDE_OCTETS } from './archive-bound.ts';
import { BackupError } from './backup-error.ts';
import { mayContain, SMALL_FOLDERS } from './data-files.ts';

/** A key, a certificate or a note, as it was when it was read. */
interface SmallFile {
  /** Path within the data folder, such as `keys/sealing.key`. */
  readonly path: string;
  readonly content: Buffer;
}

/** The small files of a data folder. */
interface SmallFiles {
  readonly files: readonly SmallFile[];
  /** Paths of what no restore would take, such as an editor’s copies. */
  readonly leftOut: readonly string[];
}

/**
 * Reads all small files of a data folder, whose gateway may replace and remove them meanwhile.
 *
 * @throws {OddFileError} if one of them is no file
 * @throws {BackupError} if one is a link to nothing, or they are more than a restore would take
 */
export async function readSmallFiles(folder: string): Promise<SmallFiles> {
  const files: SmallFile[] = [];
  const leftOut: string[] = [];
  for (const path of await smallFilesIn(folder)) {
    if (!mayContain(path)) {
      leftOut.push(path);
      continue;
    }
    const read = readOrdinary(join(folder, path), MAX_BESIDE_OCTETS);
    const content = await read.then((octets) => octets ?? tooMuch(folder)).catch(unlessAbsent);
    if (content) {
      files.push({ path, content });
    }
    if (isTooMuchBeside(files.map((file) => file.content.length))) {
      tooMuch(folder);
    }
  }
  return { files, leftOut };
}

async function smallFilesIn(folder: string): Promise<readonly string[]> {
  const note = await lstat(join(folder, ADDRESS_FILE)).catch(() => null);
  const found = note?.isFile() ? [ADDRESS_FILE] : [];
  for (const name of SMALL_FOLDERS) {
    const listing = readdir(join(folder, name), { withFileTypes: true });
    for (const entry of (await listing.catch(unlessAbsent)) ?? []) {
      // What is being written has a temporary name until it is complete.
      if (entry.name.endsWith('.tmp')) {
        continue;
      }
      const path = join(folder, name, entry.name);
      if (entry.isSymbolicLink() && (await stat(path).catch(unlessAbsent)) === null) {
        throw new BackupError(
          `${path} is a link to nothing: put there what it should lead to, or remove it`,
        );
      }
      assertOrdinary(path);
      found.push(`${name}/${entry.name}`);
    }
  }
  return found.toSorted();
}

function tooMuch(folder: string): never {
  throw new BackupError(
    `${SMALL_FOLDERS.map((name) => join(folder, name)).join(' and ')} hold more than a restore ` +
      'would take: move away what is no key and no certificate',
  );
}
