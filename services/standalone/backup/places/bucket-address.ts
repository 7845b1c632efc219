import { BackupError } from '../backup-error.ts';

/** Where in a bucket backups are. */
export interface BucketAddress {
  /** As given, without the name of a backup. */
  readonly address: string;
  readonly bucket: string;
  /** Prefix of the backups' keys: empty, or ending with `/`. */
  readonly folder: string;
  /** The name of one backup; null if the address names a folder. */
  readonly name: string | null;
}

const ADDRESS = /^(?<scheme>s3|gs):\/\/(?<bucket>[a-z0-9][a-z0-9._-]{1,221})(?:\/(?<key>.*))?$/;

/** Ends the address of a single backup; all else is a folder, whether or not it ends with `/`. */
const BACKUP = /\.age$/;

/** @throws {BackupError} */
export function parseBucketAddress(text: string): BucketAddress {
  const { scheme, bucket, key = '' } = ADDRESS.exec(text)?.groups ?? {};
  if (scheme === undefined || bucket === undefined) {
    throw new BackupError(`“${text}” names no bucket: s3://bucket/folder or gs://bucket/folder`);
  }
  const isBackup = BACKUP.test(key);
  const slash = key.lastIndexOf('/');
  const path = isBackup ? key.slice(0, slash + 1) : key;
  const folder = path === '' || path.endsWith('/') ? path : `${path}/`;
  return {
    address: `${scheme}://${bucket}/${folder}`,
    bucket,
    folder,
    name: isBackup ? key.slice(slash + 1) : null,
  };
}
