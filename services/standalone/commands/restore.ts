import process from 'node:process';
import { systemClock } from '#clock/clock.ts';
import { BackupError } from '../backup/backup-error.ts';
import { addressesIn, backupsOf } from '../backup/backup-names.ts';
import { type BackupConfig, readBackupConfig } from '../backup/backup-variables.ts';
import { openDataSide } from '../backup/data-side.ts';
import { decryptWith, type Keys, readIdentities, readPassphrase } from '../backup/encryption.ts';
import { whatItHolds } from '../backup/kept-elsewhere.ts';
import { openPlace } from '../backup/open-place.ts';
import type { BackupPlace } from '../backup/places/place.ts';
import { Progress } from '../backup/progress.ts';
import { INSTALLED } from '../installed.ts';
import { type Command, UsageError } from './command.ts';
import { readArguments } from './option-values.ts';

/** `awala-gateway restore`: puts a backup in the place of a data folder. */
export const restoreCommand: Command = {
  usage: `Usage: awala-gateway restore [--identity-file <file>] [--passphrase-file <file>]
                             [--replace-newer] [<address>]

Restores a backup into the data folder DATA_DIR (./data; in the package,
${INSTALLED.data}). No gateway may be running on it, and none there may be
newer than the backup. What is there is kept in a folder replaced-… in it. The
backup is checked before anything changes.

  <address>  a backup, or the folder or bucket of backups, of which it takes the
             newest of this gateway. BACKUP_TO by default

  --identity-file <file>    the private key that age-keygen wrote
  --passphrase-file <file>  a file whose first line is the passphrase.
                            BACKUP_PASSPHRASE_FILE by default
  --replace-newer           also if the gateway there is newer than the backup`,
  async run({ args, environment, print }) {
    const config = readBackupConfig(environment);
    const asked = parsed(args);
    const address = asked.address ?? config.to;
    if (address === null) {
      throw new UsageError('say which backup to restore: one address, or BACKUP_TO');
    }
    const keys = await keysOf(asked, config);
    const { place, name } = await openPlace(address, config);
    await using _ = place;
    const chosen = name ?? newest(place, await place.list(), config);
    const note = (line: string) => void process.stderr.write(`${line}\n`);
    const progress = new Progress({ clock: systemClock, note });
    await using data = await openDataSide(config.dataFolder);
    const { manifest, putAside } = await data.restore({
      archive: decryptWith(keys, place.read(chosen)),
      replacesNewer: asked.replacesNewer,
      now: systemClock.now(),
      onProgress: (octets, ofOctets) => progress.at('Restoring', octets, ofOctets),
    });
    const { at, internetAddress } = manifest;
    print(
      `Restored ${internetAddress} as it was at ${at.toISOString()} into ${config.dataFolder}.`,
    );
    if (putAside !== null) {
      print(`What was there before is in ${putAside}; delete it once all is well.`);
    }
    if (internetAddress !== config.internetAddress) {
      print(`Set INTERNET_ADDRESS=${internetAddress} before you start it.`);
    }
    const held = whatItHolds(config);
    if (held !== null) {
      print(`The backup is of this machine’s folder. ${held}`);
    }
    print('Try next:  awala-gateway doctor');
    return 0;
  },
};

interface Asked {
  readonly address: string | undefined;
  readonly identityFile: string | undefined;
  readonly passphraseFile: string | undefined;
  readonly replacesNewer: boolean;
}

function parsed(args: readonly string[]): Asked {
  const { values, positionals } = readArguments({
    args: [...args],
    options: {
      'identity-file': { type: 'string' },
      'passphrase-file': { type: 'string' },
      'replace-newer': { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const [address, ...others] = positionals;
  if (others.length > 0) {
    throw new UsageError('restore takes one address');
  }
  return {
    address,
    identityFile: values['identity-file'],
    passphraseFile: values['passphrase-file'],
    replacesNewer: values['replace-newer'],
  };
}

async function keysOf(
  { identityFile, passphraseFile }: Asked,
  config: BackupConfig,
): Promise<Keys> {
  const file = passphraseFile ?? (identityFile === undefined ? config.passphraseFile : null);
  if (identityFile === undefined && file === null) {
    throw new UsageError('say what opens the backup: --identity-file or --passphrase-file');
  }
  return {
    identities: identityFile === undefined ? [] : await readIdentities(identityFile),
    passphrase: file === null ? null : await readPassphrase(file),
  };
}

/** @throws {BackupError} */
function newest(place: BackupPlace, names: readonly string[], config: BackupConfig): string {
  const addresses = addressesIn(names);
  const [only, ...others] = addresses;
  const address = addresses.includes(config.internetAddress) ? config.internetAddress : only;
  if (address === undefined) {
    throw new BackupError(`${place.address} has no backup`);
  }
  if (address !== config.internetAddress && others.length > 0) {
    throw new BackupError(
      `${place.address} has backups of ${addresses.join(' and ')}: set INTERNET_ADDRESS to one, or name a backup`,
    );
  }
  return backupsOf(address, names).at(-1) ?? '';
}
