import { readFile, stat } from 'node:fs/promises';
import { UsageError } from './command.ts';

/** More than any file that an option names. */
const MAX_FILE_OCTETS = 1_048_576;

/**
 * Reads a file that an option names.
 *
 * @throws {UsageError} unless it is an ordinary, small file, since others may never end
 */
export async function readOptionFile(option: string, path: string): Promise<string> {
  try {
    const found = await stat(path);
    if (!found.isFile()) {
      throw new Error('it is not an ordinary file');
    }
    if (found.size > MAX_FILE_OCTETS) {
      throw new Error(`it has more than ${MAX_FILE_OCTETS} octets`);
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${option} ${path}: ${error instanceof Error ? error.message : error}`);
  }
}
