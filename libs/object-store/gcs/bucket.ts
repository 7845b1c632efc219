import type { BucketMetadata } from '@google-cloud/storage';
import { GcsStatusError } from './errors.ts';
import { StorageCalls } from './storage-calls.ts';

/** No object is kept longer, in days: the longest life of a parcel (RS-001). */
export const MAX_AGE_DAYS = 180;

interface BucketPlace {
  readonly bucket: string;
  /** The project that a new bucket belongs to. */
  readonly project: string;
  /** Where a new bucket is, such as `EUROPE-WEST3`. */
  readonly location: string;
  /** @default 'https://storage.googleapis.com' */
  readonly apiEndpoint?: string;
}

/**
 * After how many days an object goes that expired, which is absent for the store at once. Not 0: on its
 * way through tools such as Config Connector, that is lost as if it were not set.
 */
const EXPIRED_DAYS = 1;

/** The settings of a bucket that matter to the store. */
const SETTINGS = {
  lifecycle: {
    rule: [
      { action: { type: 'Delete' }, condition: { daysSinceCustomTime: EXPIRED_DAYS } },
      { action: { type: 'Delete' }, condition: { age: MAX_AGE_DAYS } },
      { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 1 } },
    ],
  },
  iamConfiguration: {
    uniformBucketLevelAccess: { enabled: true },
    publicAccessPrevention: 'enforced',
  },
  softDeletePolicy: { retentionDurationSeconds: 0 },
  versioning: { enabled: false },
} satisfies BucketMetadata;

const DEADLINE_MS = 15_000;

/**
 * Creates the bucket unless it is there, and gives it the settings that the store relies on: what
 * expired goes, everything goes after {@link MAX_AGE_DAYS} days, nothing is public, and what is deleted is gone.
 * Safe to run again.
 *
 * @throws {BackingUnavailableError} or {GcsStatusError} if the service refuses
 */
export async function provisionBucket(place: BucketPlace): Promise<void> {
  using calls = new StorageCalls({ ...place, deadlineMs: DEADLINE_MS });
  try {
    await calls.run((bucket) => bucket.setMetadata(SETTINGS));
  } catch (error) {
    if (!(error instanceof GcsStatusError && error.status === 404)) {
      throw error;
    }
    await calls.run((bucket) => bucket.create({ location: place.location, ...SETTINGS }));
  }
}

/**
 * Asks for the bucket's settings.
 *
 * @returns a sentence for each one that is not as {@link provisionBucket} sets it; none if all are well
 * @throws {BackingUnavailableError} or {GcsStatusError} if the service refuses
 */
export async function verifyBucket(
  place: Pick<BucketPlace, 'bucket' | 'apiEndpoint'>,
): Promise<string[]> {
  using calls = new StorageCalls({ ...place, deadlineMs: DEADLINE_MS });
  const settings = await calls.run(async (bucket) => {
    const [metadata] = await bucket.getMetadata();
    return metadata;
  });
  const expectations: [boolean, string][] = [
    [
      hasDeletion(settings, 'daysSinceCustomTime', EXPIRED_DAYS),
      'Expired objects are not removed.',
    ],
    [hasDeletion(settings, 'age', MAX_AGE_DAYS), `Objects can outlive ${MAX_AGE_DAYS} days.`],
    [
      settings.iamConfiguration?.uniformBucketLevelAccess?.enabled === true,
      'Access is not uniform: single objects can have permissions of their own.',
    ],
    [
      settings.iamConfiguration?.publicAccessPrevention === 'enforced',
      'Public access is not prevented.',
    ],
    [
      Number(settings.softDeletePolicy?.retentionDurationSeconds ?? 0) === 0,
      'Soft deletion is on: delivered parcels are kept, and paid for.',
    ],
    [settings.versioning?.enabled !== true, 'Versioning is on: delivered parcels are kept.'],
  ];
  return expectations.filter(([isMet]) => !isMet).map(([, complaint]) => complaint);
}

/** Whether objects go when they reach a value, or before. */
function hasDeletion(
  { lifecycle }: BucketMetadata,
  condition: 'age' | 'daysSinceCustomTime',
  most: number,
): boolean {
  return (lifecycle?.rule ?? []).some((rule) => {
    const value = rule.condition[condition];
    const isOnly = Object.keys(rule.condition).length === 1;
    return rule.action.type === 'Delete' && isOnly && value !== undefined && value <= most;
  });
}
