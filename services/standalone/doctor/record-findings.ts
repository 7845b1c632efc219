import { randomUUID } from 'node:crypto';
import type { Clock } from '#clock/clock.ts';
import type { RecordStoreConfig } from '#composition/record-store.ts';
import { RECORD_KINDS } from '#gateway/held/record-kinds.ts';
import { kindsWithoutTtlPolicy } from '#record-store/firestore/ttl-policies.ts';
import { type RecordStore, recordKind } from '#record-store/port.ts';
import { type Advice, type Finding, ill, tried } from './finding.ts';
import { googleAdvice } from './google-advice.ts';

type FirestoreConfig = Extract<RecordStoreConfig, { kind: 'firestore' }>;

const SUBJECT = 'records';
const POLICY_WHY = 'The database grows for ever, and so does what it costs.';
const HOUR_MS = 3_600_000;
const CHECK = recordKind<{ by: string }>('check');

/** Whether records can be created once, read and deleted, and disappear when they expire. */
export async function recordFindings(
  config: FirestoreConfig,
  open: () => Promise<RecordStore>,
  clock: Clock,
): Promise<Finding[]> {
  const attempt = async () => createAndDelete(await open(), clock);
  const roundTrip = await tried(SUBJECT, attempt, FIRESTORE_ADVICE);
  const hasPolicies = config.emulatorAddress === null;
  return hasPolicies && roundTrip.level === 'well'
    ? [roundTrip, await policyFinding(config)]
    : [roundTrip];
}

async function createAndDelete(store: RecordStore, clock: Clock): Promise<string> {
  const id = `doctor-${randomUUID()}`;
  const expiresAt = new Date(clock.now().getTime() + HOUR_MS);
  const results = [
    await store.create(CHECK, id, { by: 'doctor' }, { expiresAt }),
    await store.create(CHECK, id, { by: 'doctor' }, { expiresAt }),
  ];
  await store.delete(CHECK, id);
  if (results.join() !== 'true,false') {
    throw new Error('a record could be created twice, or not at all');
  }
  return 'a record can be created once, read and deleted';
}

async function policyFinding(config: FirestoreConfig): Promise<Finding> {
  const subject = 'expiry of records';
  let lacking: readonly string[] = [];
  const asked = await tried(
    subject,
    async () => {
      lacking = await kindsWithoutTtlPolicy(config, RECORD_KINDS);
      return 'Firestore removes expired records';
    },
    {
      why: POLICY_WHY,
      denied:
        'Its policies cannot be read: grant this account the role Cloud Datastore Viewer, ' +
        'or run the doctor with one that may.',
      other: 'Run awala-gateway provision, which creates the policies.',
    },
  );
  return lacking.length === 0
    ? asked
    : ill(subject, `Firestore would keep for ever: ${lacking.join(', ')}`, {
        why: POLICY_WHY,
        remedy: 'Run awala-gateway provision, which creates the policies.',
      });
}

const FIRESTORE_ADVICE: Advice = {
  why: 'Nobody can register, and no cargo is taken or collected.',
  missing:
    'There is no such database: check FIRESTORE_PROJECT and FIRESTORE_DATABASE, or create it: ' +
    'gcloud firestore databases create.',
  denied: 'Grant this account the role Cloud Datastore User in FIRESTORE_PROJECT.',
  ...googleAdvice('Firestore', 'FIRESTORE_EMULATOR_HOST'),
  other: 'Read what Firestore says; check FIRESTORE_PROJECT and FIRESTORE_DATABASE.',
};
