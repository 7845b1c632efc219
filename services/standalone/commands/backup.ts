import process from 'node:process';
import { systemClock } from '#clock/clock.ts';
import { BackupError } from '../backup/backup-error.ts';
import { abandonedOf, backupName, backupsOf } from '../backup/backup-names.ts';
import { type BackupConfig, readBackupConfig } from '../backup/backup-variables.ts';
import { openDataSide } from '../backup/data-side.ts';
import { type Lock, readPassphrase, sealerFor } from '../backup/encryption.ts';
import { whatItHolds, whyNothing } from '../backup/kept-elsewhere.ts';
import { makeBackup } from '../backup/make-backup.ts';
import { openPlace } from '../backup/open-place.ts';
import type { BackupPlace } from '../backup/places/place.ts';
import { Progress } from '../backup/progress.ts';
import { INSTALLED } from '../installed.ts';
import { octetsInWords } from '../octets-in-words.ts';
import { type Command, UsageError } from './command.ts';
import { readArguments } from './option-values.ts';

/** `awala-gateway backup`: backs up a gateway that may be running. */
export const backupCommand: Command = {
  usage: `Usage: awala-gateway backup [--recipient <age1…>]… [--passphrase-file <file>]
                            [--keep <number>] [<address>]

Backs up the data folder DATA_DIR (./data) while the gateway runs or not: its
keys and certificates, everything that it holds. The backup is encrypted, read
back and compared, and only then gets its name. What the gateway keeps elsewhere
(OBJECT_STORE, RECORD_STORE, KEY_VAULT, WORK_QUEUE) is not in it; the command
says what that is.

  <address>  a file that does not exist yet; a folder; or where to in a bucket:
             s3://<bucket>/<folder>, gs://<bucket>/<folder>. BACKUP_TO by default.
             In a folder or bucket, backups are named after the gateway and time.

  --recipient <age1…>       encrypt for the holder of this key, as made by age-keygen;
                            may be repeated. BACKUP_RECIPIENTS by default
  --passphrase-file <file>  encrypt with the passphrase in the file’s first line.
                            BACKUP_PASSPHRASE_FILE by default
  --keep <number>           in a folder or bucket, then remove this gateway’s oldest
                            backups but for so many. BACKUP_KEEP (7) by default

In the package, DATA_DIR is ${INSTALLED.data}, and this takes sudo; a folder
that is missing is made, for root alone. awala-gateway-backup.timer, once enabled,
backs up to BACKUP_TO each day as the user awala-gateway, who must own the folder.

For s3://…, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY sign requests, to
BACKUP_S3_ENDPOINT if that is set, in BACKUP_S3_REGION. For gs://…, Google’s
default credentials are used.

Keep the key or passphrase elsewhere than on this machine: without it, nobody can
restore. The age program opens backups too: age --decrypt, then tar.`,
  async run({ args, environment, print }) {
    const config = configured(args, readBackupConfig(environment));
    const at = systemClock.now();
    const note = (line: string) => void process.stderr.write(`${line}\n`);
    const nothing = whyNothing(config);
    if (nothing !== null) {
      throw new BackupError(nothing);
    }
    const sealer = await sealerFor(await lockOf(config));
    const target = await openPlace(config.to, config);
    await using place = target.place;
    const owner = await place.otherOwner();
    await using data = await openDataSide(config.dataFolder, { leavesRoot: owner !== null });
    if (owner !== null) {
      place.become(owner);
    }
    await assertNew(place, target.name);
    const name = target.name ?? backupName(config.internetAddress, at);
    const { octets, leftOut } = await makeBackup({
      data,
      internetAddress: config.internetAddress,
      place,
      name,
      sealer,
      at,
      progress: new Progress({ clock: systemClock, note }),
    });
    print(`Backed up to ${join(place.address, name)}: ${octetsInWords(octets)}, verified.`);
    if (leftOut.length > 0) {
      print(`Left out, as no gateway has files of these names: ${leftOut.join(', ')}`);
    }
    const holds = whatItHolds(config);
    if (holds !== null) {
      print(holds);
    }
    if (target.name === null) {
      for (const removed of await removeOldest(place, config, at)) {
        print(`Removed the old backup ${removed}.`);
      }
    }
    return 0;
  },
};

/** @throws {BackupError} rather than write over a file */
async function assertNew(place: BackupPlace, name: string | null): Promise<void> {
  if (name !== null && (await place.list()).includes(name)) {
    throw new BackupError(
      `${join(place.address, name)} exists already: name a new file or a folder`,
    );
  }
}

interface Configured extends BackupConfig {
  readonly to: string;
  readonly recipientList: readonly string[];
}

function configured(args: readonly string[], config: BackupConfig): Configured {
  const { values, positionals } = parsed(args);
  const [to = config.to, ...others] = positionals;
  if (to === null || others.length > 0) {
    throw new UsageError('say where the backup goes: one address, or BACKUP_TO');
  }
  const passphraseFile =
    values['passphrase-file'] ?? (values.recipient ? null : config.passphraseFile);
  const fromVariable = values['passphrase-file'] ? null : config.recipients;
  const recipientList = values.recipient ?? fromVariable?.split(',').map((one) => one.trim()) ?? [];
  const keep = values.keep === undefined ? config.keep : Number(values.keep);
  if (!(Number.isInteger(keep) && keep > 0)) {
    throw new UsageError(`--keep takes a number from 1, not “${values.keep}”`);
  }
  return { ...config, to, passphraseFile, recipientList, keep };
}

function parsed(args: readonly string[]) {
  return readArguments({
    args: [...args],
    options: {
      recipient: { type: 'string', multiple: true },
      'passphrase-file': { type: 'string' },
      keep: { type: 'string' },
    },
    allowPositionals: true,
  });
}

async function lockOf({ passphraseFile, recipientList }: Configured): Promise<Lock> {
  const hasRecipients = recipientList.length > 0;
  if (hasRecipients === (passphraseFile !== null)) {
    throw new UsageError(
      hasRecipients
        ? 'a backup is encrypted either for recipients or with a passphrase'
        : 'say what to encrypt the backup with: --recipient or --passphrase-file',
    );
  }
  return passphraseFile === null
    ? { recipients: recipientList }
    : { passphrase: await readPassphrase(passphraseFile) };
}

/** Also removes what backups that were cut short left behind. */
async function removeOldest(
  place: BackupPlace,
  { internetAddress, keep }: BackupConfig,
  now: Date,
): Promise<readonly string[]> {
  const listed = await place.list();
  const names = backupsOf(internetAddress, listed);
  const abandoned = abandonedOf(internetAddress, listed, now);
  const old = [...names.slice(0, Math.max(0, names.length - keep)), ...abandoned];
  for (const name of old) {
    await place.remove(name);
  }
  return old;
}

function join(address: string, name: string): string {
  return address.endsWith('/') ? `${address}${name}` : `${address}/${name}`;
}
