import type { BucketMetadata } from '@google-cloud/storage';
import { GcsStatusError } from './errors.ts';
import { StorageCalls } from './storage-calls.ts';

interface BucketPlace {
  readonly bucket: string;
  /** The project that a new bucket belongs to; empty for that of the credentials. */
  readonly project: string;
  /** Where a new bucket is, such as `EUROPE-WEST3`. */
  readonly location: string;
  /** @default 'https://storage.googleapis.com' */
  readonly apiEndpoint?: string | URL | null;
  /** Days after which the bucket deletes any object. */
  readonly maxAgeDays: number;
}

/**
 * Days after its expiry at which the bucket deletes an object; the store hides it at once. Not 0,
 * which tools such as Config Connector drop as unset.
 */
const EXPIRED_DAYS = 1;

/** The bucket settings that the store relies on. */
const settingsFor = (maxAgeDays: number) =>
  ({
    lifecycle: {
      rule: [
        { action: { type: 'Delete' }, condition: { daysSinceCustomTime: EXPIRED_DAYS } },
        { action: { type: 'Delete' }, condition: { age: maxAgeDays } },
        { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 1 } },
      ],
    },
    iamConfiguration: {
      uniformBucketLevelAccess: { enabled: true },
      publicAccessPrevention: 'enforced',
    },
    softDeletePolicy: { retentionDurationSeconds: 0 },
    versioning: { enabled: false },
  }) satisfies BucketMetadata;

const DEADLINE_MS = 15_000;

/**
 * Creates the bucket if missing, and sets what the store relies on: expired objects are deleted,
 * all objects at their greatest age; nothing is public; deletion is final. Safe to repeat.
 *
 * @throws {BackingUnavailableError} or {GcsStatusError} if the service refuses
 */
export async function provisionBucket(place: BucketPlace): Promise<void> {
  using calls = new StorageCalls({ ...place, deadlineMs: DEADLINE_MS });
  const settings = settingsFor(place.maxAgeDays);
  try {
    await calls.run((bucket) => bucket.setMetadata(settings));
  } catch (error) {
    if (!(error instanceof GcsStatusError && error.status === 404)) {
      throw error;
    }
    await calls.run(async (bucket) => {
      if (place.project === '') {
        await bucket.storage.getProjectId();
      }
      await bucket.create({ location: place.location, ...settings });
    });
  }
}

/**
 * Reads the bucket's settings.
 *
 * @returns one sentence for each that differs from what {@link provisionBucket} sets
 * @throws {BackingUnavailableError} or {GcsStatusError} if the service refuses
 */
export async function verifyBucket(
  place: Omit<BucketPlace, 'project' | 'location'>,
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
    [
      hasDeletion(settings, 'age', place.maxAgeDays),
      `Objects can outlive ${place.maxAgeDays} days.`,
    ],
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

/** Whether a rule deletes objects at `value` of a condition, or earlier. */
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
