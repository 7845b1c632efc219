import { randomUUID } from 'node:crypto';
import type { Clock } from '#clock/clock.ts';
import { complaintsAboutBucket } from '#composition/bucket-settings.ts';
import type { ObjectStoreConfig } from '#composition/object-store.ts';
import type { ObjectStore } from '#object-store/port.ts';
import { type Advice, type Finding, ill, tried } from './finding.ts';
import { googleAdvice } from './google-advice.ts';

type BucketConfig = Extract<ObjectStoreConfig, { kind: 'gcs' }>;

const SUBJECT = 'objects';
const OBJECTS_WHY = 'No parcel can be accepted, or collected.';
const BUCKET_WHY =
  'Parcels may be kept for longer than they should, be seen by others, or cost more than they need.';
const HOUR_MS = 3_600_000;

/** Whether objects can be stored in the bucket, read and deleted, and disappear when they expire. */
export async function objectFindings(
  config: BucketConfig,
  open: () => Promise<ObjectStore>,
  clock: Clock,
): Promise<Finding[]> {
  const advice = bucketAdvice(config.bucket);
  const roundTrip = await tried(SUBJECT, async () => storeAndDelete(await open(), clock), advice);
  return roundTrip.level === 'well' ? [roundTrip, ...(await bucketFindings(config))] : [roundTrip];
}

async function storeAndDelete(store: ObjectStore, clock: Clock): Promise<string> {
  const key = `check/doctor-${randomUUID()}`;
  const expiresAt = new Date(clock.now().getTime() + HOUR_MS);
  const generation = await store.put(key, Buffer.from('doctor'), { expiresAt });
  const stored = await store.get(key);
  if (stored?.generation !== generation) {
    throw new Error('what was stored is not what is read');
  }
  for await (const _ of store.list('check/doctor-')) {
    break;
  }
  await store.delete(key, { generation });
  return 'an object can be stored, listed, read and deleted';
}

async function bucketFindings(config: BucketConfig): Promise<Finding[]> {
  const subject = 'bucket';
  const remedy = 'Run awala-gateway provision, which sets what the bucket lacks.';
  let complaints: readonly string[] | null = [];
  const asked = await tried(
    subject,
    async () => {
      complaints = await complaintsAboutBucket(config);
      return complaints === null
        ? 'its settings are not checked, as this is an emulator'
        : `${config.bucket} has the right lifecycle and settings`;
    },
    {
      why: BUCKET_WHY,
      denied:
        'Its settings cannot be read: grant this account storage.buckets.get (the role ' +
        'Storage Legacy Bucket Reader on the bucket), or run the doctor with one that may.',
      other: remedy,
    },
  );
  return (complaints?.length ?? 0) === 0
    ? [asked]
    : (complaints ?? []).map((complaint) =>
        ill(subject, `${config.bucket}: ${complaint}`, { why: BUCKET_WHY, remedy }),
      );
}

function bucketAdvice(bucket: string): Advice {
  return {
    why: OBJECTS_WHY,
    missing:
      `GCS_BUCKET is ${bucket}, which does not exist or is hidden from this account. ` +
      'Set the right name, or create it: awala-gateway provision.',
    denied: `Grant this account the role Storage Object User on the bucket ${bucket}.`,
    ...googleAdvice('Cloud Storage', 'GCS_ENDPOINT'),
    other: `Read what Cloud Storage says; check that GCS_BUCKET (${bucket}) is the right one.`,
  };
}
