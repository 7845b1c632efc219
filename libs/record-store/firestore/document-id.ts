/**
 * Document ids may not hold `/`, nor be `.`, `..` or `__…__`. Each character of a record's id
 * that could lead there is replaced by one that no record's id holds and that keeps its place in the
 * order of characters: ids stay in order, and prefixes stay prefixes.
 */
const REPLACEMENTS: readonly (readonly [string, string])[] = [
  ['-', '+'],
  ['.', ','],
  ['/', '-'],
  ['_', '^'],
];

const ENCODING = new Map(REPLACEMENTS);
const DECODING = new Map(REPLACEMENTS.map(([plain, encoded]) => [encoded, plain]));

/** @param id - the id of a record, or a prefix of some */
export function encodeId(id: string): string {
  return id.replaceAll(/[-./_]/g, (character) => ENCODING.get(character) ?? character);
}

export function decodeId(documentId: string): string {
  return documentId.replaceAll(/[+,\-^]/g, (character) => DECODING.get(character) ?? character);
}
