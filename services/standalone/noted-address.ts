import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { typedInternetAddress } from '#awala/internet-address.ts';
import { openOrdinary } from '#backing/ordinary-files.ts';
import { ADDRESS_FILE } from '#composition/data-folder.ts';

/** No domain name is longer. */
const MAX_NOTE_OCTETS = 1_024;
/** Not through a link: whoever reads it may be root. */
const AS_IT_IS = constants.O_RDONLY | constants.O_NOFOLLOW;

/**
 * Notes in the data folder which gateway it is of, for whoever has lost the configuration. One that is
 * only tried out is not noted. Without room on the disk nothing is, until another start.
 *
 * @param address - in canonical form
 */
export async function noteAddress(dataFolder: string, address: string): Promise<void> {
  if (address.endsWith('.localhost') || (await notedAddress(dataFolder)) === address) {
    return;
  }
  const path = join(dataFolder, ADDRESS_FILE);
  const temporary = `${path}.tmp`;
  try {
    await rm(temporary, { force: true });
    {
      await using file = await open(temporary, 'wx', 0o600);
      await file.writeFile(`${address}\n`);
      await file.sync();
    }
    await rename(temporary, path);
    await using folder = await open(dataFolder, 'r');
    await folder.sync();
  } catch {
    // It serves without.
    await rm(temporary, { force: true }).catch(() => {});
  }
}

/**
 * The address of the gateway whose data a folder holds.
 *
 * @returns null if none is noted
 */
export async function notedAddress(dataFolder: string): Promise<string | null> {
  try {
    await using file = await openOrdinary(join(dataFolder, ADDRESS_FILE), AS_IT_IS);
    return typedInternetAddress((await headOf(file)).trim());
  } catch {
    return null;
  }
}

async function headOf(file: FileHandle): Promise<string> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_NOTE_OCTETS), 0);
  return buffer.toString('utf8', 0, bytesRead);
}
