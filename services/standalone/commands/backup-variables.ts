import { dataFolder } from '#composition/data-folder.ts';
import { localInternetAddress } from '#composition/internet-address.ts';
import { readConfiguration, type Values } from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { integer, text } from '#runtime/configuration/variables.ts';

/** What `backup` and `restore` read. */
export const BACKUP_VARIABLES = {
  dataFolder,
  internetAddress: localInternetAddress,
  to: text('BACKUP_TO', {
    meaning: 'where backups go unless told otherwise: a file, a folder, s3://… or gs://…',
    default: null,
  }),
  recipients: text('BACKUP_RECIPIENTS', {
    meaning: 'the public keys (age1…) that backups are encrypted for, separated by commas',
    default: null,
  }),
  passphraseFile: text('BACKUP_PASSPHRASE_FILE', {
    meaning: 'a file whose first line is the passphrase that backups are encrypted with',
    default: null,
  }),
  keep: integer('BACKUP_KEEP', {
    meaning: 'how many backups of this gateway a folder or bucket keeps',
    default: 7,
    min: 1,
    max: 10_000,
  }),
};

/** Where backups go, and how. */
export type BackupConfig = Values<typeof BACKUP_VARIABLES>;

/**
 * Reads {@link BACKUP_VARIABLES}.
 *
 * @throws {ConfigurationError}
 */
export function readBackupConfig(environment: Environment): BackupConfig {
  return readConfiguration(environment, BACKUP_VARIABLES);
}
