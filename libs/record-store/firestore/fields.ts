import type { Timestamp } from '@google-cloud/firestore';
import type { FieldValue, RecordFields } from '../port.ts';

/** What the client library returns for the types that we write. */
type ReadValue = string | number | boolean | Timestamp | Uint8Array | null;

/** Converts the library's types for times and octets to ours; other values are the same. */
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
