import assert from 'node:assert/strict';
import {
  type CensusClaim,
  type ClaimOptions,
  type HeldAmount,
  type HeldIndex,
  type IndexedObject,
  NOTHING_HELD,
  PARTS,
  type Part,
} from '../port.ts';

/** Two openings of one index, of which both, or the one, may be the same. */
interface OpenedIndex extends AsyncDisposable {
  readonly index: HeldIndex;
  /** As another process opens it. */
  readonly other: HeldIndex;
  /** Lets time pass for the index. */
  elapse(ms: number): Promise<void>;
}

/** Opens an empty index, with nothing complete. */
export type OpenIndex = () => Promise<OpenedIndex>;

/** Part 0, part a. */
export const MAILBOX = `00${'1'.repeat(63)}`;
export const OTHERS_MAILBOX = `00${'2'.repeat(63)}`;
export const MAILBOX_IN_A = `0a${'3'.repeat(63)}`;

export const CLAIM = { intervalMs: 900_000, completeMs: 3_600_000, leaseMs: 60_000 };
const EXPIRES_AT = new Date('2030-01-01T00:00:00Z');

/** An object named by the hash that most names are. */
export function digestOf(seed: number): string {
  return seed.toString(16).padStart(48, '0');
}

export function object(name: string, sizeOctets = 10): IndexedObject {
  return { name, sizeOctets, expiresAt: EXPIRES_AT };
}

/** Takes a part that must be free. */
export async function claimed(
  index: HeldIndex,
  part: Part,
  options: ClaimOptions = CLAIM,
): Promise<CensusClaim> {
  const claim = await index.claim(part, options);
  assert.ok(claim, `the part ${part} is not free`);
  return claim;
}

/** Makes all parts complete, as after a census that found nothing wrong. */
export async function completeAll(index: HeldIndex): Promise<void> {
  for (const part of PARTS) {
    assert.equal(await (await claimed(index, part)).complete(NOTHING_HELD), true);
  }
}

/** How much a mailbox has, which must be known. */
export async function amountIn(index: HeldIndex, mailbox: string): Promise<HeldAmount> {
  const totals = await index.totalsOf(mailbox);
  assert.ok(totals, 'the index is not complete');
  const { objects, octets } = totals;
  return { objects, octets };
}

/** The names in a mailbox, which must be known. */
export async function namesIn(index: HeldIndex, mailbox: string): Promise<string[]> {
  const entries = await index.read(mailbox);
  assert.ok(entries, 'the index is not complete');
  return entries.map(({ name }) => name);
}
