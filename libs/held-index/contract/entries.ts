import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { testsOver } from '#test/tests-over.ts';
import { LONGEST_PUT_MS, MAX_READ_ENTRIES, NOTHING_HELD } from '../port.ts';
import {
  amountIn,
  completeAll,
  digestOf,
  MAILBOX,
  MAILBOX_IN_A,
  namesIn,
  type OpenIndex,
  OTHERS_MAILBOX,
  object,
} from './opened-index.ts';

export function describeEntries(open: OpenIndex): void {
  const test = testsOver(open);
  describe('entries', () => {
    test('tells what was announced, in ascending order of name, to every process', async ({
      index,
      other,
    }) => {
      await completeAll(index);
      for (const seed of [3, 1, 2]) {
        const { token, late } = await index.add(MAILBOX, object(digestOf(seed), seed));
        assert.ok(token !== null && late === null);
      }
      const entries = await other.read(MAILBOX);
      assert.deepEqual(
        entries?.map(({ name, sizeOctets }) => [name, sizeOctets]),
        [1, 2, 3].map((seed) => [digestOf(seed), seed]),
      );
      const laterMs = Number(entries?.[0]?.expiresAt) - object('').expiresAt.getTime();
      assert.ok(laterMs >= 0 && laterMs < 256_000, `expires ${laterMs} ms later`);
    });

    test('keeps mailboxes apart', async ({ index }) => {
      await completeAll(index);
      await index.add(MAILBOX, object(digestOf(1)));
      await index.add(MAILBOX_IN_A, object(digestOf(2)));
      assert.deepEqual(await namesIn(index, MAILBOX), [digestOf(1)]);
      assert.deepEqual(await namesIn(index, OTHERS_MAILBOX), []);
      assert.deepEqual(await namesIn(index, MAILBOX_IN_A), [digestOf(2)]);
    });

    test('keeps names that are no hashes as they are', async ({ index }) => {
      await completeAll(index);
      const names = [
        'a',
        '.',
        'b/c',
        'D'.repeat(48),
        'e'.repeat(23),
        'f'.repeat(24),
        'g'.repeat(255),
      ];
      for (const name of names) {
        await index.add(MAILBOX, object(name));
      }
      assert.deepEqual(await namesIn(index, MAILBOX), [...names].sort());
    });

    test('forgets what was removed', async ({ index, other }) => {
      await completeAll(index);
      const { token } = await index.add(MAILBOX, object(digestOf(1)));
      await index.add(MAILBOX, object(digestOf(2)));
      await other.remove(MAILBOX, digestOf(1), String(token));
      assert.deepEqual(await namesIn(index, MAILBOX), [digestOf(2)]);
    });

    test('keeps what was announced again before its former entry is removed', async ({
      index,
      elapse,
    }) => {
      await completeAll(index);
      const { token: former } = await index.add(MAILBOX, object(digestOf(1), 10));
      await elapse(LONGEST_PUT_MS + 1_000);
      const { token: current } = await index.add(MAILBOX, object(digestOf(1), 20));
      assert.notEqual(former, current);
      await index.remove(MAILBOX, digestOf(1), String(former));
      const [entry] = (await index.read(MAILBOX)) ?? [];
      assert.equal(entry?.token, current);
      assert.equal(entry?.sizeOctets, 20);
    });

    test('lets nobody remove what two may be about to put, until it is settled', async ({
      index,
      other,
      elapse,
    }) => {
      await completeAll(index);
      const { token: former } = await index.add(MAILBOX, object(digestOf(1), 10));
      const { token, isMissing } = await other.add(MAILBOX, object(digestOf(1), 20));
      assert.deepEqual([token, isMissing], [null, false]);
      await index.remove(MAILBOX, digestOf(1), String(former));
      const [entry] = (await index.read(MAILBOX)) ?? [];
      assert.equal(entry?.sizeOctets, 20);
      await elapse(LONGEST_PUT_MS + 1_000);
      assert.notEqual((await other.add(MAILBOX, object(digestOf(1), 30))).token, null);
    });

    test('knows how much is held, and since when', async ({ index, other, elapse }) => {
      await completeAll(index);
      assert.deepEqual(await index.totalsOf(MAILBOX), NOTHING_HELD);
      const { held } = await index.add(MAILBOX, object(digestOf(1), 10));
      assert.deepEqual(held, { objects: 1, octets: 10 });
      await elapse(60_000);
      const { held: both } = await other.add(MAILBOX, object(digestOf(2), 2 ** 24 - 1));
      assert.deepEqual(both, { objects: 2, octets: 10 + 2 ** 24 - 1 });
      const [first, second] = (await index.read(MAILBOX)) ?? [];
      assert.ok(first && second && first.addedAt < second.addedAt);
      assert.deepEqual(await index.totalsOf(MAILBOX), { ...both, oldestAt: first.addedAt });
      assert.deepEqual(await index.totalsOf(OTHERS_MAILBOX), NOTHING_HELD);
    });

    test('counts a replaced entry once, and a removed one not at all', async ({
      index,
      elapse,
    }) => {
      await completeAll(index);
      await index.add(MAILBOX, object(digestOf(1), 10));
      const { token } = await index.add(MAILBOX, object(digestOf(2), 300));
      await elapse(LONGEST_PUT_MS + 1_000);
      const replaced = await index.add(MAILBOX, object(digestOf(1), 70_000));
      assert.deepEqual(replaced.held, { objects: 2, octets: 70_300 });
      await index.remove(MAILBOX, digestOf(2), 'ffffffff');
      await index.remove(MAILBOX, digestOf(2), String(token));
      await index.remove(MAILBOX, digestOf(2), String(token));
      assert.deepEqual(await amountIn(index, MAILBOX), { objects: 1, octets: 70_000 });
      await index.remove(MAILBOX, digestOf(1), String(replaced.token));
      assert.deepEqual(await index.totalsOf(MAILBOX), NOTHING_HELD);
      const again = await index.add(MAILBOX, object(digestOf(3), 5));
      assert.deepEqual(again.held, { objects: 1, octets: 5 });
    });

    test('finds one entry, complete or not', async ({ index }) => {
      const { token } = await index.add(MAILBOX, object(digestOf(1)));
      assert.equal((await index.find(MAILBOX, digestOf(1)))?.token, token);
      assert.equal(await index.find(MAILBOX, digestOf(2)), null);
      assert.equal(await index.find(OTHERS_MAILBOX, digestOf(1)), null);
    });

    test('calls an entry settled once the put that it announced must have ended', async ({
      index,
      elapse,
    }) => {
      await completeAll(index);
      await index.add(MAILBOX, object(digestOf(1)));
      await elapse(LONGEST_PUT_MS - 60_000);
      await index.add(MAILBOX, object(digestOf(2)));
      const isSettled = async () => (await index.read(MAILBOX))?.map((entry) => entry.isSettled);
      assert.deepEqual(await isSettled(), [false, false]);
      await elapse(120_000);
      assert.deepEqual(await isSettled(), [true, false]);
      assert.equal((await index.find(MAILBOX, digestOf(1)))?.isSettled, true);
    });

    test('does not tell what a mailbox with too much in it holds', async ({ index }) => {
      await completeAll(index);
      const adding = Array.from({ length: MAX_READ_ENTRIES }, (_, seed) =>
        index.add(MAILBOX, object(digestOf(seed))),
      );
      await Promise.all(adding);
      assert.equal((await index.read(MAILBOX))?.length, MAX_READ_ENTRIES);
      const { token } = await index.add(MAILBOX, object(digestOf(MAX_READ_ENTRIES)));
      assert.equal(await index.read(MAILBOX), null);
      const objects = MAX_READ_ENTRIES + 1;
      const held = { objects, octets: objects * object('').sizeOctets };
      assert.deepEqual(await index.totalsOf(MAILBOX), { ...held, oldestAt: null });
      await index.remove(MAILBOX, digestOf(MAX_READ_ENTRIES), String(token));
      assert.equal((await index.read(MAILBOX))?.length, MAX_READ_ENTRIES);
    });
  });
}
