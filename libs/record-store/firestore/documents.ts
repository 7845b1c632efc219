import { randomUUID } from 'node:crypto';
import type {
  DocumentData,
  DocumentReference,
  DocumentSnapshot,
  QueryDocumentSnapshot,
  Timestamp,
} from '@google-cloud/firestore';
import type { RecordFields, StoredRecord } from '../port.ts';
import { decodeId } from './document-id.ts';
import { decodeFields } from './fields.ts';
import { isUnmet } from './firestore-calls.ts';
import { formatVersion, type UpdateTime } from './version.ts';

/** The field that each kind's TTL policy must name. */
export const EXPIRY_FIELD = 'expiresAt';

/** A document as read, with the time of its last write. */
export interface StoredDocument {
  readonly record: StoredRecord<RecordFields>;
  /** Random for each write: tells a writer whether the stored state is its own. */
  readonly revision: string;
  readonly updateTime: UpdateTime;
}

/** Required for a write to take effect: no document, or one of that update time. */
export type Precondition = 'absent' | UpdateTime;

/** Returned when a write did not take effect: the document that is stored instead, if any. */
interface Unwritten {
  readonly stored: StoredDocument | null;
}

/** @returns null if there is no such document */
export async function readDocument(reference: DocumentReference): Promise<StoredDocument | null> {
  const snapshot = await reference.get();
  return isStored(snapshot) ? decodeDocument(snapshot) : null;
}

/**
 * Writes the whole document.
 *
 * @returns null, or what is stored instead if the precondition failed; a write that succeeded but
 * whose response was lost counts as successful, recognised by its revision
 */
export async function writeDocument(
  reference: DocumentReference,
  given: { fields: RecordFields; expiresAt: Date | null; precondition?: Precondition },
): Promise<Unwritten | null> {
  const revision = randomUUID();
  const data = { fields: given.fields, [EXPIRY_FIELD]: given.expiresAt, revision };
  if (await isMet(() => write(reference, data, given.precondition))) {
    return null;
  }
  const stored = await readDocument(reference);
  return stored?.revision === revision ? null : { stored };
}

/** @returns whether the document had that update time, and is now deleted */
export function deleteDocument(
  reference: DocumentReference,
  updateTime: UpdateTime,
): Promise<boolean> {
  return isMet(async () => reference.delete({ lastUpdateTime: await asTimestamp(updateTime) }));
}

/** Decodes a snapshot; null if its document does not exist. */
export function decodeDocument(
  snapshot: QueryDocumentSnapshot<DocumentData, DocumentData>,
): StoredDocument {
  const { fields, revision, [EXPIRY_FIELD]: expiry } = snapshot.data();
  const expiresAt: Date | null = expiry?.toDate() ?? null;
  return {
    record: {
      id: decodeId(snapshot.id),
      fields: decodeFields(fields),
      version: formatVersion(snapshot.updateTime, expiresAt),
      expiresAt,
    },
    revision,
    updateTime: snapshot.updateTime,
  };
}

async function write(
  reference: DocumentReference,
  data: DocumentData,
  precondition: Precondition | undefined,
): Promise<unknown> {
  if (precondition === undefined) {
    return reference.set(data);
  }
  // An update replaces the fields it names; these are all.
  return precondition === 'absent'
    ? reference.create(data)
    : reference.update(data, { lastUpdateTime: await asTimestamp(precondition) });
}

async function isMet(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (isUnmet(error)) {
      return false;
    }
    throw error;
  }
}

function isStored(snapshot: DocumentSnapshot): snapshot is QueryDocumentSnapshot {
  return snapshot.exists;
}

async function asTimestamp({ seconds, nanoseconds }: UpdateTime): Promise<Timestamp> {
  const { Timestamp } = await import('@google-cloud/firestore');
  return new Timestamp(seconds, nanoseconds);
}
