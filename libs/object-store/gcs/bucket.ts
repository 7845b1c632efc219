import { withDeadline } from '#backing/deadline.ts';
import { repeat } from '#backing/repeat.ts';
import { systemClock } from '#clock/clock.ts';
import { GcsStatusError, isTransient } from './errors.ts';
import { GcsHttpClient, type GcsRequest } from './http-client.ts';
import { DEFAULT_ENDPOINT } from './options.ts';

/** No object is kept longer, in days: the longest life of a parcel (RS-001). */
export const MAX_AGE_DAYS = 180;

export interface BucketPlace {
  readonly bucket: string;
  /** The project that a new bucket belongs to. */
  readonly project: string;
  /** Where a new bucket is, such as `EUROPE-WEST3`. */
  readonly location: string;
  /** @default 'https://storage.googleapis.com' */
  readonly apiEndpoint?: string;
}

interface LifecycleRule {
  readonly action: { readonly type: string };
  readonly condition: { readonly age?: number; readonly daysSinceCustomTime?: number };
}

/** The settings of a bucket that matter to the store, as the JSON API has them. */
interface BucketSettings {
  readonly lifecycle?: { readonly rule?: readonly LifecycleRule[] };
  readonly iamConfiguration?: {
    readonly uniformBucketLevelAccess?: { readonly enabled?: boolean };
    readonly publicAccessPrevention?: string;
  };
  readonly softDeletePolicy?: { readonly retentionDurationSeconds?: string };
  readonly versioning?: { readonly enabled?: boolean };
}

const SETTINGS: BucketSettings = {
  lifecycle: {
    rule: [
      { action: { type: 'Delete' }, condition: { daysSinceCustomTime: 0 } },
      { action: { type: 'Delete' }, condition: { age: MAX_AGE_DAYS } },
      { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 1 } },
    ],
  },
  iamConfiguration: {
    uniformBucketLevelAccess: { enabled: true },
    publicAccessPrevention: 'enforced',
  },
  softDeletePolicy: { retentionDurationSeconds: '0' },
  versioning: { enabled: false },
};

const DEADLINE_MS = 15_000;

/**
 * Creates the bucket unless it is there, and gives it the settings that the store relies on: what
 * expired goes, everything goes after {@link MAX_AGE_DAYS} days, nothing is public, and what is deleted is gone.
 * Safe to run again.
 *
 * @throws {BackingUnavailableError} or {GcsStatusError} if the service refuses
 */
export async function provisionBucket(place: BucketPlace): Promise<void> {
  using client = new GcsHttpClient(place.apiEndpoint ?? DEFAULT_ENDPOINT, 2);
  const path = `/storage/v1/b/${encodeURIComponent(place.bucket)}`;
  try {
    await call(client, { method: 'PATCH', path, ...json(SETTINGS) });
  } catch (error) {
    if (!(error instanceof GcsStatusError && error.status === 404)) {
      throw error;
    }
    await call(client, {
      method: 'POST',
      path: `/storage/v1/b?project=${encodeURIComponent(place.project)}`,
      ...json({ name: place.bucket, location: place.location, ...SETTINGS }),
    });
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
  using client = new GcsHttpClient(place.apiEndpoint ?? DEFAULT_ENDPOINT, 2);
  const path = `/storage/v1/b/${encodeURIComponent(place.bucket)}`;
  const settings: BucketSettings = JSON.parse(await call(client, { method: 'GET', path }));
  const expectations: [boolean, string][] = [
    [hasDeletion(settings, 'daysSinceCustomTime', 0), 'Expired objects are not removed.'],
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
  { lifecycle }: BucketSettings,
  condition: 'age' | 'daysSinceCustomTime',
  most: number,
): boolean {
  return (lifecycle?.rule ?? []).some((rule) => {
    const value = rule.condition[condition];
    const isOnly = Object.keys(rule.condition).length === 1;
    return rule.action.type === 'Delete' && isOnly && value !== undefined && value <= most;
  });
}

function json(value: object) {
  return {
    headers: { 'content-type': 'application/json' },
    body: [Buffer.from(JSON.stringify(value))],
  };
}

function call(client: GcsHttpClient, request: GcsRequest): Promise<string> {
  const clock = systemClock;
  return withDeadline({ clock, backing: 'object-store', deadlineMs: DEADLINE_MS }, (signal) =>
    repeat({ clock, signal, isTransient }, async () => {
      const { status, body } = await client.send(request, signal);
      if (status !== 200) {
        throw new GcsStatusError(status, body);
      }
      return body.toString();
    }),
  );
}
