/**
 * Document ids may not hold `/`, nor be `.`, `..` or `__…__`. Each character that could break that
 * is replaced by one that no record id holds and that sorts in the same place, so ids keep their
 * order and prefixes stay prefixes.
 */
const REPLACEMENTS: readonly (readonly [string, string])[] = [
  ['-', '+'],
  ['.', ','],
  ['/', '-'],
  ['_', '^'],
];

const ENCODING = new Map(REPLACEMENTS);
const DECODING = new Map(REPLACEMENTS.map(([plain, encoded]) => [encoded, plain]));

/** Turns a record's id, or a prefix of ids, into that of documents. */
export function encodeId(id: string): string {
  return id.replaceAll(/[-./_]/g, (character) => ENCODING.get(character) ?? character);
}

/** The inverse of {@link encodeId}. */
export function decodeId(documentId: string): string {
  return documentId.replaceAll(/[+,\-^]/g, (character) => DECODING.get(character) ?? character);
}
