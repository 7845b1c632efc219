import assert from 'node:assert/strict';
import * as limits from '#awala/limits.ts';

/** What stands in error texts and is known without any message: names and bounds. */
const KNOWN = [
  /0x[0-9a-f]{2}$/,
  /(?<=type |identifier )[0-2](\.\d+)+$/,
  /P-256, P-384 or P-521/,
  /SHA-(256|[12])\b/,
  /not 0 and hex digits|64 hex digits/,
  /RFC \d+|X\.509 v3|UTF-?\d+|is not 1$|version [13]/,
  ...Object.values(limits).map((limit) => new RegExp(`\\b${limit}\\b`, 'g')),
  /1 to 64 octets|1024 octets|100000 messages/,
];

/** Fails if an error text, or an answer, may quote what was read. */
export function assertOwnWords(text: string): void {
  const rest = KNOWN.reduce((left, known) => left.replaceAll(new RegExp(known, 'g'), ''), text);
  assert.match(rest, /^[A-Za-z“”’'".,:;()/ -]*$/, `this quotes something: ${text}`);
}
