import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { BackupConfig } from './backup-variables.ts';
import { parseBucketAddress } from './places/bucket-address.ts';
import { FolderPlace } from './places/folder.ts';
import type { BackupPlace } from './places/place.ts';
import type { S3Access } from './places/s3.ts';

/** Where a backup is, or is to be. */
interface Target {
  readonly place: BackupPlace;
  /** The backup's name there; null if the address names a folder or bucket. */
  readonly name: string | null;
}

/**
 * Opens what an address names: a bucket, a folder that exists or ends with `/`, or else a file.
 *
 * @throws {BackupError} if the address is of no such kind
 */
export async function openPlace(address: string, config: BackupConfig): Promise<Target> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) {
    return openBucket(address, config);
  }
  const path = resolve(address);
  const isFolder = address.endsWith('/') || (await stat(path).catch(() => null))?.isDirectory();
  return isFolder
    ? { place: new FolderPlace(path), name: null }
    : { place: new FolderPlace(dirname(path)), name: basename(path) };
}

async function openBucket(text: string, config: BackupConfig): Promise<Target> {
  const bucket = parseBucketAddress(text);
  if (text.startsWith('gs:')) {
    const { GcsPlace } = await import('./places/gcs.ts');
    return { place: new GcsPlace(bucket, config.gcsEndpoint), name: bucket.name };
  }
  const { S3Place } = await import('./places/s3.ts');
  return { place: new S3Place(bucket, accessTo(config)), name: bucket.name };
}

function accessTo(config: BackupConfig): S3Access {
  const { s3KeyId, s3Secret, s3SessionToken } = config;
  return {
    endpoint: config.s3Endpoint,
    region: config.s3Region,
    credentials:
      s3KeyId === null || s3Secret === null
        ? null
        : {
            accessKeyId: s3KeyId,
            secretAccessKey: s3Secret.reveal(),
            ...(s3SessionToken && { sessionToken: s3SessionToken.reveal() }),
          },
  };
}
