import type { IndexEntry } from '../port.ts';
import { entryOf } from './entry-codec.ts';

/** Whether a script answered with two things. */
export function isPair(answer: unknown): answer is readonly [unknown, unknown] {
  return Array.isArray(answer) && answer.length === 2;
}

/**
 * The entries of a hash, in ascending order of name.
 *
 * @param answer - fields and values in turn
 * @param atMs - as in {@link entryOf}
 */
export function entriesOf(answer: unknown, atMs: number): IndexEntry[] {
  const octets = Array.isArray(answer) ? answer.filter(Buffer.isBuffer) : [];
  const entries: IndexEntry[] = [];
  for (let at = 0; at + 1 < octets.length; at += 2) {
    const [field, value] = [octets[at], octets[at + 1]];
    const entry = field && value ? entryOf(field, value, atMs) : null;
    if (entry) {
      entries.push(entry);
    }
  }
  return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
}
