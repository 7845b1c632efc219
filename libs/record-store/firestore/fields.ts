import type { FieldValue, RecordFields } from '../port.ts';

/** A time as Firestore's protocol has it. */
export interface Timestamp {
  readonly seconds?: unknown;
  readonly nanos?: number | null;
}

/** The kinds of values of Firestore's protocol that we write. */
export interface Value {
  readonly nullValue?: unknown;
  readonly booleanValue?: boolean | null;
  readonly doubleValue?: number | null;
  readonly stringValue?: string | null;
  readonly bytesValue?: Uint8Array | string | null;
  readonly timestampValue?: Timestamp | null;
  readonly mapValue?: { readonly fields?: Readonly<Record<string, Value>> | null } | null;
}

export function encodeFields(fields: RecordFields): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, encodeValue(value)]),
  );
}

export function decodeFields(
  fields: Readonly<Record<string, Value>> | null | undefined,
): RecordFields {
  return Object.fromEntries(
    Object.entries(fields ?? {}).map(([name, value]) => [name, decodeValue(value)]),
  );
}

export function encodeValue(value: FieldValue) {
  if (value === null) {
    return { nullValue: 'NULL_VALUE' as const };
  }
  if (value instanceof Date) {
    return { timestampValue: encodeTime(value) };
  }
  if (value instanceof Uint8Array) {
    return { bytesValue: value };
  }
  switch (typeof value) {
    case 'string':
      return { stringValue: value };
    case 'number':
      return { doubleValue: value };
    default:
      return { booleanValue: value };
  }
}

function decodeValue(value: Value): FieldValue {
  if (value.bytesValue instanceof Uint8Array) {
    return Uint8Array.from(value.bytesValue);
  }
  if (value.timestampValue) {
    return decodeTime(value.timestampValue);
  }
  return value.stringValue ?? value.doubleValue ?? value.booleanValue ?? null;
}

function encodeTime(time: Date) {
  const milliseconds = time.getTime();
  const seconds = Math.floor(milliseconds / 1_000);
  return { seconds, nanos: (milliseconds - seconds * 1_000) * 1_000_000 };
}

export function decodeTime({ seconds, nanos }: Timestamp): Date {
  return new Date(Number(seconds ?? 0) * 1_000 + Math.round((nanos ?? 0) / 1_000_000));
}
