import type { FieldValue, RecordFields } from './port.ts';

/** Longest id, in characters, all ASCII. */
const MAX_ID_LENGTH = 512;
/** Limit for the fields of one record, as counted by {@link fieldsOctets}. */
const MAX_FIELDS_OCTETS = 64 * 1_024;

const KIND = /^[a-z-]{1,40}$/;
const ID = /^[A-Za-z0-9._:/-]+$/;
const ID_PREFIX = /^[A-Za-z0-9._:/-]*$/;
const FIELD_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

/** @throws {TypeError} if the kind or the id is invalid, which is the caller's bug */
export function assertRecordId(kind: string, id: string): void {
  assertKind(kind);
  if (id.length > MAX_ID_LENGTH || !ID.test(id)) {
    throw new TypeError(`not the id of a record: ${JSON.stringify(id.slice(0, 80))}`);
  }
}

/**
 * @throws {TypeError} if the kind is invalid, or no id can start with `idPrefix` or equal
 * `startAfter`
 */
export function assertListing(kind: string, idPrefix: string, startAfter?: string): void {
  assertKind(kind);
  if (startAfter !== undefined) {
    assertRecordId(kind, startAfter);
  }
  if (idPrefix.length > MAX_ID_LENGTH || !ID_PREFIX.test(idPrefix)) {
    throw new TypeError(`not a prefix of record ids: ${JSON.stringify(idPrefix.slice(0, 80))}`);
  }
}

/**
 * @throws {TypeError} if some adapter could not store a name or a value, or the fields are too
 * large
 */
export function assertFields(fields: RecordFields): void {
  for (const [name, value] of Object.entries(fields)) {
    if (!FIELD_NAME.test(name)) {
      throw new TypeError(`not the name of a field: ${JSON.stringify(name.slice(0, 80))}`);
    }
    if (!isStorable(value)) {
      throw new TypeError(`the field ${name} holds a value that cannot be stored`);
    }
  }
  const octets = fieldsOctets(fields);
  if (octets > MAX_FIELDS_OCTETS) {
    throw new TypeError(`the fields take ${octets} octets, more than ${MAX_FIELDS_OCTETS}`);
  }
}

/** @throws {TypeError} if `expiresAt` is given and is not a point in time */
export function assertExpiry(expiresAt: Date | undefined): void {
  if (expiresAt && Number.isNaN(expiresAt.getTime())) {
    throw new TypeError('the expiry of a record must be a valid date');
  }
}

/**
 * Size of the fields: names and strings in UTF-8, binary values as they are, 8 octets for any other
 * value.
 */
function fieldsOctets(fields: RecordFields): number {
  return Object.entries(fields).reduce(
    (total, [name, value]) => total + name.length + valueOctets(value),
    0,
  );
}

/**
 * The least string greater than every id with this prefix: DEL sorts after every character of an
 * id.
 */
export function endOfIdPrefix(idPrefix: string): string {
  return `${idPrefix}\u007f`;
}

function assertKind(kind: string): void {
  if (!KIND.test(kind)) {
    throw new TypeError(`not a kind of record: ${JSON.stringify(kind.slice(0, 80))}`);
  }
}

function isStorable(value: FieldValue): boolean {
  if (typeof value === 'number') {
    return Number.isFinite(value);
  }
  if (value instanceof Date) {
    return !Number.isNaN(value.getTime());
  }
  return (
    value === null ||
    value instanceof Uint8Array ||
    typeof value === 'boolean' ||
    typeof value === 'string'
  );
}

function valueOctets(value: FieldValue): number {
  if (typeof value === 'string') {
    return Buffer.byteLength(value);
  }
  return value instanceof Uint8Array ? value.length : 8;
}
