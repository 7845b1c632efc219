import { randomUUID } from 'node:crypto';
import type {
  DocumentData,
  DocumentReference,
  DocumentSnapshot,
  Firestore,
  QueryDocumentSnapshot,
  Timestamp,
} from '@google-cloud/firestore';
import type { FieldValue, RecordFields, StoredRecord } from '../port.ts';
import { endOfIdPrefix } from '../record-rules.ts';
import { decodeId, encodeId } from './document-id.ts';
import { isUnmet } from './firestore-calls.ts';

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
type Precondition = 'absent' | UpdateTime;

/** Returned when a write did not take effect: the document that is stored instead, if any. */
interface Unwritten {
  readonly stored: StoredDocument | null;
}

/** @returns null if there is no such document */
export async function readDocument(reference: DocumentReference): Promise<StoredDocument | null> {
  return documentIn(await reference.get());
}

/** A document by its collection and its id. */
export interface DocumentName {
  readonly kind: string;
  readonly id: string;
}

/** What a document is to hold. */
export interface Content {
  readonly fields: RecordFields;
  readonly expiresAt: Date | null;
}

/** The library's reference to a document; asks for nothing. */
export function referenceTo(firestore: Firestore, { kind, id }: DocumentName): DocumentReference {
  return firestore.collection(kind).doc(encodeId(id));
}

/**
 * Reads several documents by one call.
 *
 * @returns each, or null if there is none, in the order of their names
 */
export async function readDocuments(
  firestore: Firestore,
  names: readonly DocumentName[],
): Promise<(StoredDocument | null)[]> {
  const snapshots = await firestore.getAll(...names.map((name) => referenceTo(firestore, name)));
  return snapshots.map(documentIn);
}

/** Writes several documents, whatever is stored, by one call: all of them, or none. */
export async function writeDocuments(
  firestore: Firestore,
  writes: readonly (DocumentName & Content)[],
): Promise<void> {
  const batch = firestore.batch();
  for (const write of writes) {
    batch.set(referenceTo(firestore, write), dataOf(write));
  }
  await batch.commit();
}

/**
 * Writes the whole document.
 *
 * @returns null, or what is stored instead if the precondition failed; a write that succeeded but
 * whose response was lost counts as successful, recognised by its revision
 */
export async function writeDocument(
  reference: DocumentReference,
  given: Content & { precondition?: Precondition },
): Promise<Unwritten | null> {
  const data = dataOf(given);
  if (await isMet(() => write(reference, data, given.precondition))) {
    return null;
  }
  const stored = await readDocument(reference);
  return stored?.revision === data.revision ? null : { stored };
}

/** @returns whether the document had that update time, and is now deleted */
export function deleteDocument(
  reference: DocumentReference,
  updateTime: UpdateTime,
): Promise<boolean> {
  return isMet(async () => reference.delete({ lastUpdateTime: await asTimestamp(updateTime) }));
}

function decodeDocument(
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

/** A document's data, with a revision of its own. */
function dataOf({ fields, expiresAt }: Content) {
  return { fields, [EXPIRY_FIELD]: expiresAt, revision: randomUUID() };
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

function documentIn(snapshot: DocumentSnapshot): StoredDocument | null {
  return isStored(snapshot) ? decodeDocument(snapshot) : null;
}

function isStored(snapshot: DocumentSnapshot): snapshot is QueryDocumentSnapshot {
  return snapshot.exists;
}

async function asTimestamp({ seconds, nanoseconds }: UpdateTime): Promise<Timestamp> {
  const { Timestamp } = await import('./client-library.ts');
  return new Timestamp(seconds, nanoseconds);
}

/** What the client library returns for the types that we write. */
type ReadValue = string | number | boolean | Timestamp | Uint8Array | null;

/** Converts the library's types for times and octets to ours; other values are the same. */
function decodeFields(fields: Readonly<Record<string, ReadValue>>): RecordFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, decodeValue(value)]),
  );
}

function decodeValue(value: ReadValue): FieldValue {
  if (value instanceof Uint8Array) {
    return Uint8Array.from(value);
  }
  return typeof value === 'object' && value !== null ? value.toDate() : value;
}

interface PageOf {
  readonly kind: string;
  readonly idPrefix: string;
  /** Last id of the previous page; null for the first page. */
  readonly afterId: string | null;
  readonly limit: number;
}

/** Firestore's name for a document's id in queries. */
const ID = '__name__';

/** Reads one page of a kind's documents whose ids start with a prefix, in order of id. */
export async function queryPage(
  firestore: Firestore,
  { kind, idPrefix, afterId, limit }: PageOf,
): Promise<StoredDocument[]> {
  const prefix = encodeId(idPrefix);
  let query = firestore
    .collection(kind)
    .orderBy(ID)
    .where(ID, '<', endOfIdPrefix(prefix))
    .limit(limit);
  if (prefix !== '') {
    query = query.where(ID, '>=', prefix);
  }
  if (afterId !== null) {
    query = query.startAfter(encodeId(afterId));
  }
  const { docs } = await query.get();
  return docs.map(decodeDocument);
}

/** A Firestore timestamp, finer than a `Date`. */
export interface UpdateTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** The document state that a record's version names. */
interface Version {
  readonly updateTime: UpdateTime;
  /** Lets a conditional write to an expired record fail without reading it. */
  readonly expiresAtMs: number | null;
}

const VERSION = /^(\d{1,12})\.(\d{1,9})(?:@(-?\d{1,16}))?$/;

/** The version of the record that a document in this state holds. */
function formatVersion({ seconds, nanoseconds }: UpdateTime, expiresAt: Date | null): string {
  const time = `${seconds}.${nanoseconds}`;
  return expiresAt ? `${time}@${expiresAt.getTime()}` : time;
}

/** @returns null for a string that is no version */
export function parseVersion(version: string): Version | null {
  const [, seconds, nanoseconds, expiresAtMs] = VERSION.exec(version) ?? [];
  return seconds === undefined
    ? null
    : {
        updateTime: { seconds: Number(seconds), nanoseconds: Number(nanoseconds) },
        expiresAtMs: expiresAtMs === undefined ? null : Number(expiresAtMs),
      };
}
