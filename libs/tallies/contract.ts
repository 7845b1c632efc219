import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  LONGEST_WINDOW_MS,
  PARTS_OF_WINDOW,
  type Tallied,
  type Tallies,
  type TallyLimit,
} from './port.ts';

/** Two openings of the same tallies, of which both may be one. */
interface OpenedTallies extends AsyncDisposable {
  readonly tallies: Tallies;
  /** As another process opens them. */
  readonly other: Tallies;
  /** Lets time pass for the tallies. */
  elapse(ms: number): Promise<void>;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What an hour's limit counts may count so much longer. */
const LATE_MS = HOUR_MS / PARTS_OF_WINDOW;
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/**
 * The promises of {@link Tallies}, tested over one adapter.
 *
 * @param open - opens empty tallies that nobody else uses, once per test
 */
export function describeTallies(name: string, open: () => Promise<OpenedTallies>): void {
  describe(`${name} as tallies`, () => {
    it('admits what is within the limit, and no more, whichever process asks', async () => {
      await using opened = await open();
      const { tallies, other } = opened;
      const limits = [hourly(3)];
      assert.equal(await isWithin(tallies.add('a', [1], limits)), true);
      assert.equal(await isWithin(other.add('a', [2], limits)), true);
      assert.equal(await isWithin(tallies.add('a', [1], limits)), false);
      assert.equal(await isWithin(other.add('a', [1], limits)), false);
    });

    it('counts each name apart', async () => {
      await using opened = await open();
      const { tallies } = opened;
      assert.equal(await isWithin(tallies.add('a', [1], [hourly(1)])), true);
      assert.equal(await isWithin(tallies.add('b', [1], [hourly(1)])), true);
      assert.equal(await isWithin(tallies.add('a', [1], [hourly(1)])), false);
    });

    it('does not count what it refused', async () => {
      await using opened = await open();
      const { tallies, other } = opened;
      assert.equal(await isWithin(tallies.add('a', [10], [hourly(9)])), false);
      assert.equal(await isWithin(other.add('a', [9], [hourly(9)])), true);
    });

    it('limits each of several amounts', async () => {
      await using opened = await open();
      const { tallies, other } = opened;
      const limits = [{ windowMs: HOUR_MS, most: [3, 100] }];
      assert.equal(await isWithin(tallies.add('a', [1, 100], limits)), true);
      assert.equal(await isWithin(other.add('a', [1, 1], limits)), false);
      assert.equal(await isWithin(other.add('a', [2, 0], limits)), true);
      assert.equal(await isWithin(tallies.add('a', [1, 0], limits)), false);
    });

    it('counts what goes without a limit of its own', async () => {
      await using opened = await open();
      const { tallies } = opened;
      const limits = [{ windowMs: HOUR_MS, most: [2, NO_LIMIT] }];
      assert.equal(await isWithin(tallies.add('a', [1, 1e15], limits)), true);
      assert.equal(await isWithin(tallies.add('a', [1, 1e15], limits)), true);
      assert.equal(await isWithin(tallies.add('a', [1, 1], limits)), false);
    });

    it('counts what was added for the whole window, and a 24th longer at most', async () => {
      await using opened = await open();
      const { tallies, other, elapse } = opened;
      const limits = [hourly(2)];
      await tallies.add('a', [1], limits);
      await elapse(HOUR_MS / 2);
      await tallies.add('a', [1], limits);
      await elapse(HOUR_MS / 2 - 2 * LATE_MS);
      assert.equal(await isWithin(tallies.add('a', [1], limits)), false);
      await elapse(3 * LATE_MS + 1_000);
      assert.equal(await isWithin(other.add('a', [1], limits)), true);
      assert.equal(await isWithin(tallies.add('a', [1], limits)), false);
    });

    it('tells after how long the same may be added', async () => {
      await using opened = await open();
      const { tallies, other, elapse } = opened;
      const limits = [hourly(10)];
      await tallies.add('a', [6], limits);
      await elapse(10 * LATE_MS);
      await tallies.add('a', [4], limits);
      const againInMs = await waitFor(other.add('a', [5], limits));
      assert.ok(againInMs > HOUR_MS - 12 * LATE_MS, `${againInMs} ms are too short`);
      assert.ok(againInMs <= HOUR_MS - 8 * LATE_MS, `${againInMs} ms are too long`);
      await elapse(againInMs + LATE_MS);
      assert.equal(await isWithin(other.add('a', [5], limits)), true);
    });

    it('refuses for as long as the longest of the limits that would be passed', async () => {
      await using opened = await open();
      const { tallies, elapse } = opened;
      const limits = [hourly(2), { windowMs: DAY_MS, most: [3] }];
      await tallies.add('a', [2], limits);
      assert.ok((await waitFor(tallies.add('a', [1], limits))) <= HOUR_MS + LATE_MS);
      await elapse(HOUR_MS + 2 * LATE_MS);
      assert.equal(await isWithin(tallies.add('a', [1], limits)), true);
      assert.ok((await waitFor(tallies.add('a', [1], limits))) > DAY_MS / 2);
    });

    it('never admits what alone is more than a limit', async () => {
      await using opened = await open();
      const { tallies } = opened;
      assert.equal(await waitFor(tallies.add('a', [1], [hourly(0)])), HOUR_MS);
    });

    it('takes any length of a window', async () => {
      await using opened = await open();
      const { tallies } = opened;
      for (const windowMs of [1_000, 7_001, LONGEST_WINDOW_MS]) {
        const limits = [{ windowMs, most: [1] }];
        assert.equal(await isWithin(tallies.add(`${windowMs}`, [1], limits)), true);
      }
      const limits = [{ windowMs: LONGEST_WINDOW_MS, most: [1] }];
      assert.equal(await isWithin(tallies.add(`${LONGEST_WINDOW_MS}`, [1], limits)), false);
    });

    it('forgets what is taken back', async () => {
      await using opened = await open();
      const { tallies, other } = opened;
      const limits = [hourly(2)];
      await tallies.add('a', [1], limits);
      const taken = await tallies.add('a', [1], limits);
      assert.ok(taken.isWithin);
      taken.takeBack();
      assert.equal(await isWithin(tallies.add('a', [1], limits)), true);
      assert.equal(await isWithin(other.add('a', [1], limits)), false);
    });

    it('admits a small limit exactly, however many ask at once', async () => {
      await using opened = await open();
      const { tallies, other } = opened;
      const asked = Array.from({ length: 50 }, (_, at) =>
        isWithin((at % 2 ? tallies : other).add('a', [1], [hourly(7)])),
      );
      assert.equal((await Promise.all(asked)).filter(Boolean).length, 7);
    });

    it('admits a large limit within 5 %', async () => {
      await using opened = await open();
      const { tallies, other } = opened;
      let admitted = 0;
      for (let asked = 0; asked < 2_500; asked++) {
        const by = asked % 3 ? tallies : other;
        admitted += (await isWithin(by.add('a', [1], [hourly(2_000)]))) ? 1 : 0;
      }
      assert.ok(admitted >= 2_000 && admitted <= 2_100, `${admitted} were admitted`);
    });
  });
}

function hourly(most: number): TallyLimit {
  return { windowMs: HOUR_MS, most: [most] };
}

async function isWithin(adding: Promise<Tallied>): Promise<boolean> {
  return (await adding).isWithin;
}

async function waitFor(adding: Promise<Tallied>): Promise<number> {
  const tallied = await adding;
  assert.equal(tallied.isWithin, false);
  return tallied.againInMs;
}
