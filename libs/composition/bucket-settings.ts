import { MAX_LIFE_DAYS } from '#awala/limits.ts';
import type { Log } from '#log/log.ts';
import { verifyBucket } from '#object-store/gcs/bucket.ts';
import type { ObjectStoreConfig } from './object-store.ts';

/** Emulators keep no settings at all; a bucket of Cloud Storage never lacks so many. */
const COMPLAINTS_ABOUT_AN_EMULATOR = 4;

/**
 * What is not as it must be in the settings of a bucket, a sentence for each.
 *
 * @returns null for an emulator, which keeps none
 * @throws the failure of Cloud Storage, such as a permission that is missing
 */
export async function complaintsAboutBucket(
  config: Extract<ObjectStoreConfig, { kind: 'gcs' }>,
): Promise<readonly string[] | null> {
  const complaints = await verifyBucket({ ...config, maxAgeDays: MAX_LIFE_DAYS });
  const isInsecure = config.apiEndpoint?.protocol === 'http:';
  return isInsecure && complaints.length >= COMPLAINTS_ABOUT_AN_EMULATOR ? null : complaints;
}

/** Tells the log if a bucket does not remove what expired, or keeps what is deleted. Never fails. */
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
