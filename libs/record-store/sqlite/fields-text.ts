import type { FieldValue, RecordFields } from '../port.ts';

/** Values without a JSON type. Records are flat, so no other value is an object. */
type Tagged = { readonly date: number } | { readonly base64: string };

/** The fields as JSON. */
export function textOfFields(fields: RecordFields): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, tagged(value)])),
  );
}

/** The inverse of {@link textOfFields}. */
export function fieldsOfText(text: string): RecordFields {
  const values = JSON.parse(text) as Record<string, string | number | boolean | null | Tagged>;
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, untagged(value)]));
}

function tagged(value: FieldValue): string | number | boolean | null | Tagged {
  if (value instanceof Date) {
    return { date: value.getTime() };
  }
  if (value instanceof Uint8Array) {
    return { base64: value.toBase64() };
  }
  return value;
}

function untagged(value: string | number | boolean | null | Tagged): FieldValue {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return 'date' in value ? new Date(value.date) : Uint8Array.fromBase64(value.base64);
}
