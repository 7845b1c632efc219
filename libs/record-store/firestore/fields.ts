import type { Timestamp } from '@google-cloud/firestore';
import type { FieldValue, RecordFields } from '../port.ts';

/** What the client library gives for the kinds of values that we write. */
type ReadValue = string | number | boolean | Timestamp | Uint8Array | null;

/** Values are written as they are; times and octets are read in types of the library's own. */
export function decodeFields(fields: Readonly<Record<string, ReadValue>>): RecordFields {
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
