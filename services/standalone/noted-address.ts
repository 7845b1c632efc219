import { constants } from 'node:fs';
import { join } from 'node:path';
import { typedInternetAddress } from '#awala/internet-address.ts';
import { replaceDurably } from '#backing/durable-files.ts';
import { readOrdinary } from '#backing/ordinary-files.ts';
import { ADDRESS_FILE } from '#composition/data-folder.ts';
import { isLocalAddress } from '#composition/internet-address.ts';
import type { Log } from '#log/log.ts';

/** No domain name is longer. */
const MAX_NOTE_OCTETS = 1_024;
const OTHER_ADDRESS = `The data are of a gateway with another address, by which its phones know it. \
Set INTERNET_ADDRESS back to that, or, if it is the one that was wrong, delete DATA_DIR/${ADDRESS_FILE} and restart`;

/**
 * Notes in the data folder which gateway it is of, for whoever has lost the configuration. One that is
 * only tried out is not noted. Without room on the disk nothing is, until another start. What was
 * noted stays, and the log says if that is another address: the new one may be a slip.
 *
 * @param address - in canonical form
 */
export async function noteAddress(dataFolder: string, address: string, log: Log): Promise<void> {
  if (isLocalAddress(address)) {
    return;
  }
  const noted = await notedAddress(dataFolder);
  if (noted !== null) {
    if (noted !== address) {
      log.warn({ detail: `${noted} is noted, and ${address} configured` }, OTHER_ADDRESS);
    }
    return;
  }
  // It serves without.
  await replaceDurably(join(dataFolder, ADDRESS_FILE), `${address}\n`).catch(() => {});
}

/**
 * The address of the gateway whose data a folder holds.
 *
 * @returns null if none is noted
 */
export async function notedAddress(dataFolder: string): Promise<string | null> {
  // Not through a link: whoever reads it may be root.
  const read = readOrdinary(join(dataFolder, ADDRESS_FILE), MAX_NOTE_OCTETS, constants.O_NOFOLLOW);
  return typedInternetAddress(String((await read.catch(() => null)) ?? '').trim());
}
