import type { HeldAmount, IndexEntry } from '../port.ts';
import { entryOf } from './entry-codec.ts';

/** What a script answered with; nothing if that is not a list. */
export function asList(answer: unknown): readonly unknown[] {
  return Array.isArray(answer) ? answer : [];
}

/** Whether a script answered with two things. */
export function isPair(answer: unknown): answer is readonly [unknown, unknown] {
  return Array.isArray(answer) && answer.length === 2;
}

/**
 * How much is held.
 *
 * @param answer - objects, and octets in decimal
 * @returns null for another answer
 */
export function amountOf(answer: readonly unknown[]): HeldAmount | null {
  const [objects, octets] = answer;
  return typeof objects === 'number' && Buffer.isBuffer(octets)
    ? { objects, octets: Number(octets) }
    : null;
}

/**
 * The entries of a hash, in ascending order of name.
 *
 * @param answer - fields and values in turn
 * @param atMs - as in {@link entryOf}
 */
export function entriesOf(answer: unknown, atMs: number): IndexEntry[] {
  const octets = asList(answer).filter((each) => Buffer.isBuffer(each));
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
