import { dataFolder } from '#composition/data-folder.ts';
import { localInternetAddress } from '#composition/internet-address.ts';
import { keyVault } from '#composition/key-vault.ts';
import { objectStore } from '#composition/object-store.ts';
import { recordStore } from '#composition/record-store.ts';
import { workQueue } from '#composition/work-queue.ts';
import { readConfiguration, type Values } from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { integer, secret, text, url } from '#runtime/configuration/variables.ts';

/** How buckets are reached. */
const PLACE_VARIABLES = {
  s3Endpoint: url('BACKUP_S3_ENDPOINT', {
    meaning: 'URL of a service with the API of S3, for backups to s3://…; Amazon’s by default',
    protocols: ['https:', 'http:'],
    default: null,
  }),
  s3Region: text('BACKUP_S3_REGION', {
    meaning: 'the region of the bucket for backups to s3://…',
    default: 'us-east-1',
  }),
  s3KeyId: text('AWS_ACCESS_KEY_ID', {
    meaning: 'the access key for backups to s3://…; by default, where Amazon’s tools look',
    default: null,
  }),
  s3Secret: secret('AWS_SECRET_ACCESS_KEY', {
    meaning: 'the secret of the access key',
    default: null,
  }),
  s3SessionToken: secret('AWS_SESSION_TOKEN', {
    meaning: 'the session of the access key, if it has one',
    default: null,
  }),
  gcsEndpoint: url('GCS_ENDPOINT', {
    meaning:
      'URL of another server with the API of Cloud Storage; one with http: gets no credentials',
    protocols: ['https:', 'http:'],
    default: null,
  }),
};

/** What `backup` and `restore` read. */
export const BACKUP_VARIABLES = {
  ...PLACE_VARIABLES,
  dataFolder,
  objectStore: objectStore.choice,
  recordStore: recordStore.choice,
  keyVault: keyVault.choice,
  workQueue: workQueue.choice,
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
