import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { typedInternetAddress } from '#awala/internet-address.ts';
import { ADDRESS_FILE, DATABASE_FILE, KEYS_FOLDER } from '#composition/data-folder.ts';
import { keyVault } from '#composition/key-vault.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { handling } from '../installation.ts';
import { notedAddress } from '../noted-address.ts';
import type { Answers } from './answers.ts';
import { SetupError } from './setup-error.ts';
import type { Terminal } from './terminal.ts';

/**
 * Phones that registered under another address would be lost. What the configuration alone says was
 * perhaps a slip, which no phone knows.
 *
 * @throws {SetupError} if the data is a gateway's that has another
 */
export async function keepAddress(
  { address, dataFolder }: Answers,
  configured: Environment,
  terminal: Terminal,
): Promise<void> {
  for (const folder of new Set([configured.DATA_DIR ?? dataFolder, dataFolder])) {
    const noted = await notedAddress(folder);
    if (
      !existsSync(join(folder, DATABASE_FILE)) ||
      (noted === null && !hasKey(folder, configured))
    ) {
      continue;
    }
    const known = noted ?? typedInternetAddress(configured.INTERNET_ADDRESS ?? '');
    if (known === null) {
      terminal.print(
        `! ${folder} holds a gateway that does not say its address: its phones know it by that alone.`,
      );
    } else if (known !== address) {
      throw new SetupError(
        `the gateway in ${folder} is ${known}, and its phones know it by that address alone`,
        waysOut(folder, known, noted !== null),
      );
    }
  }
}

function waysOut(folder: string, known: string, isNoted: boolean): string {
  const forget = isNoted ? `; sudo rm ${join(folder, ADDRESS_FILE)}` : '';
  return `Repeat with ${known}. To set up another gateway beside it, name another --data-dir and --config.
If ${known} was a slip, correct INTERNET_ADDRESS in the configuration${forget}; then repeat this line.
If no phone ever used it, start afresh: ${handling().stop}; sudo mv ${folder} ${folder}.old; then repeat this line.`;
}

/** Without its own key, no gateway served a phone. Other vaults than the local one keep it elsewhere. */
function hasKey(folder: string, configured: Environment): boolean {
  const { name } = keyVault.choice;
  return (configured[name] ?? 'local') !== 'local' || existsSync(join(folder, KEYS_FOLDER));
}
