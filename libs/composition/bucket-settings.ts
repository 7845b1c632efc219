import { MAX_LIFE_DAYS } from '#awala/limits.ts';
import type { Log } from '#log/log.ts';
import { verifyBucket } from '#object-store/gcs/bucket.ts';
import type { ObjectStoreConfig } from './object-store.ts';

/** Emulators have no settings; a bucket of Cloud Storage never lacks this many. */
const COMPLAINTS_ABOUT_AN_EMULATOR = 4;

/**
 * The bucket's wrong settings, one sentence each.
 *
 * @returns null for an emulator, which has no settings
 * @throws the error of Cloud Storage, such as a missing permission
 */
export async function complaintsAboutBucket(
  config: Extract<ObjectStoreConfig, { kind: 'gcs' }>,
): Promise<readonly string[] | null> {
  const complaints = await verifyBucket({ ...config, maxAgeDays: MAX_LIFE_DAYS });
  const isInsecure = config.apiEndpoint?.protocol === 'http:';
  return isInsecure && complaints.length >= COMPLAINTS_ABOUT_AN_EMULATOR ? null : complaints;
}

/** Logs a warning if a bucket keeps expired or deleted objects. Never throws. */
export async function warnAboutBucket(config: ObjectStoreConfig, log: Log): Promise<void> {
  if (config.kind !== 'gcs') {
    return;
  }
  try {
    for (const complaint of (await complaintsAboutBucket(config)) ?? []) {
      log.warn({ bucket: config.bucket }, `${complaint} Run awala-gateway provision`);
    }
  } catch (error) {
    log.info({ error, bucket: config.bucket }, 'The settings of the bucket could not be looked at');
  }
}
