import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { testsOver } from '#test/tests-over.ts';
import { LONGEST_PUT_MS, MAX_READ_ENTRIES, NOTHING_HELD, PARTS } from '../port.ts';
import {
  amountIn,
  CLAIM,
  claimed,
  completeAll,
  digestOf,
  MAILBOX,
  MAILBOX_IN_A,
  namesIn,
  type OpenIndex,
  OTHERS_MAILBOX,
  object,
} from './opened-index.ts';

export function describeCensus(open: OpenIndex): void {
  const test = testsOver(open);
  describe('census', () => {
    test('tells nothing before a part is counted, and then of that part only', async ({
      index,
      other,
    }) => {
      await index.add(MAILBOX, object(digestOf(1)));
      assert.equal(await index.read(MAILBOX), null);
      assert.equal(await index.totalsOf(MAILBOX), null);
      await (await claimed(index, '0')).complete(NOTHING_HELD);
      assert.deepEqual(await namesIn(other, MAILBOX), [digestOf(1)]);
      assert.equal(await index.read(MAILBOX_IN_A), null);
    });

    test('gives a part to one census at a time, and again after the interval', async ({
      index,
      other,
      elapse,
    }) => {
      const claim = await claimed(index, '0');
      assert.equal(await other.claim('0', CLAIM), null);
      assert.ok(await other.claim('1', CLAIM));
      await claim.complete(NOTHING_HELD);
      assert.equal(await other.claim('0', CLAIM), null);
      await elapse(CLAIM.intervalMs + 1_000);
      assert.ok(await other.claim('0', CLAIM));
    });

    test('completes a part for some time, unless it is counted again', async ({
      index,
      elapse,
    }) => {
      await completeAll(index);
      await elapse(CLAIM.intervalMs + 1_000);
      await (await claimed(index, '0')).complete(NOTHING_HELD);
      await elapse(CLAIM.completeMs - CLAIM.intervalMs - 1_000);
      assert.deepEqual(await namesIn(index, MAILBOX), []);
      assert.equal(await index.read(MAILBOX_IN_A), null);
      assert.equal(await index.incompleteParts(), PARTS.length - 1);
    });

    test('gives the part of a census that died to another, which alone may go on', async ({
      index,
      other,
      elapse,
    }) => {
      const dead = await claimed(index, '0');
      await elapse(CLAIM.leaseMs / 2);
      await dead.renew();
      await elapse(CLAIM.leaseMs / 2 + 1_000);
      assert.equal(await other.claim('0', CLAIM), null);
      await elapse(CLAIM.leaseMs);
      const next = await claimed(other, '0');
      const mending = { missing: [object(digestOf(1))], stale: [] };
      await assert.rejects(dead.renew(), BackingUnavailableError);
      await assert.rejects(dead.mend(MAILBOX, mending), BackingUnavailableError);
      await assert.rejects(dead.complete(NOTHING_HELD), BackingUnavailableError);
      assert.equal(await index.read(MAILBOX), null);
      assert.equal(await next.complete(NOTHING_HELD), true);
      assert.deepEqual(await namesIn(index, MAILBOX), []);
    });

    test('shows the mailboxes of the part, and what is in them', async ({ index }) => {
      await index.add(MAILBOX, object(digestOf(1)));
      await index.add(MAILBOX_IN_A, object(digestOf(2)));
      await index.add(OTHERS_MAILBOX, object(digestOf(3)));
      const claim = await claimed(index, '0');
      const pages = await Array.fromAsync(claim.mailboxes());
      assert.deepEqual([...new Set(pages.flat())].sort(), [MAILBOX, OTHERS_MAILBOX]);
      const entries = await Array.fromAsync(claim.entries(MAILBOX));
      assert.deepEqual(
        entries.map(({ name }) => name),
        [digestOf(1)],
      );
      assert.deepEqual(await Array.fromAsync(claim.entries(`00${'9'.repeat(63)}`)), []);
    });

    test('shows all that a mailbox has, however much', async ({ index }) => {
      const claim = await claimed(index, '0');
      const count = MAX_READ_ENTRIES + 1;
      const missing = Array.from({ length: count }, (_, seed) => object(digestOf(seed)));
      await claim.mend(MAILBOX, { missing, stale: [] });
      const entries = await Array.fromAsync(claim.entries(MAILBOX));
      assert.equal(new Set(entries.map(({ name }) => name)).size, count);
      await claim.mend(MAILBOX, { missing: [], stale: entries });
      assert.deepEqual(await Array.fromAsync(claim.entries(MAILBOX)), []);
    });

    test('calls settled what was when it began, however long it takes', async ({
      index,
      elapse,
    }) => {
      await index.add(MAILBOX, object(digestOf(1)));
      await elapse(LONGEST_PUT_MS - CLAIM.leaseMs / 2);
      const claim = await claimed(index, '0');
      await elapse(CLAIM.leaseMs - 1_000);
      const [entry] = await Array.fromAsync(claim.entries(MAILBOX));
      assert.equal(entry?.isSettled, false);
    });

    test('adds what is missing, except what was announced meanwhile', async ({ index }) => {
      const claim = await claimed(index, '0');
      const { token } = await index.add(MAILBOX, object(digestOf(1), 10));
      const missing = [object(digestOf(1), 99), object(digestOf(2), 20)];
      await claim.mend(MAILBOX, { missing, stale: [] });
      await claim.complete(NOTHING_HELD);
      const entries = (await index.read(MAILBOX)) ?? [];
      assert.deepEqual(
        entries.map(({ name, sizeOctets }) => [name, sizeOctets]),
        [
          [digestOf(1), 10],
          [digestOf(2), 20],
        ],
      );
      assert.equal(entries[0]?.token, token);
      assert.deepEqual(await amountIn(index, MAILBOX), { objects: 2, octets: 30 });
    });

    test('removes what is not stored, except what was announced meanwhile', async ({ index }) => {
      const first = String((await index.add(MAILBOX, object(digestOf(1)))).token);
      const second = String((await index.add(MAILBOX, object(digestOf(2)))).token);
      const claim = await claimed(index, '0');
      await index.add(MAILBOX, object(digestOf(2)));
      const stale = [
        { name: digestOf(1), token: first },
        { name: digestOf(2), token: second },
      ];
      await claim.mend(MAILBOX, { missing: [], stale });
      await claim.complete(NOTHING_HELD);
      assert.deepEqual(await namesIn(index, MAILBOX), [digestOf(2)]);
      assert.deepEqual(await amountIn(index, MAILBOX), { objects: 1, octets: 10 });
    });

    test('corrects what an entry tells, except what was announced meanwhile', async ({ index }) => {
      const first = String((await index.add(MAILBOX, object(digestOf(1), 10))).token);
      const second = String((await index.add(MAILBOX, object(digestOf(2), 10))).token);
      const claim = await claimed(index, '0');
      await index.add(MAILBOX, object(digestOf(2), 20));
      const wrong = [
        { ...object(digestOf(1), 99), token: first },
        { ...object(digestOf(2), 99), token: second },
      ];
      await claim.mend(MAILBOX, { missing: [], stale: [], wrong });
      await claim.complete(NOTHING_HELD);
      const entries = (await index.read(MAILBOX)) ?? [];
      assert.deepEqual(
        entries.map(({ name, sizeOctets }) => [name, sizeOctets]),
        [
          [digestOf(1), 99],
          [digestOf(2), 20],
        ],
      );
      assert.equal(entries[0]?.token, first);
      assert.deepEqual(await amountIn(index, MAILBOX), { objects: 2, octets: 119 });
    });

    test('knows the totals once every part is counted', async ({ index, other }) => {
      assert.equal(await index.totals(), null);
      const oldestAt = new Date('2026-01-01T00:00:00Z');
      const later = new Date('2026-01-02T00:00:00Z');
      for (const part of PARTS) {
        assert.equal(await other.totals(), null);
        const claim = await claimed(index, part);
        await claim.complete(
          part === '3'
            ? { objects: 2, octets: 30, oldestAt }
            : { objects: 1, octets: 10, oldestAt: part === '4' ? later : null },
        );
      }
      assert.deepEqual(await other.totals(), { objects: 17, octets: 180, oldestAt });
    });

    test('knows how many parts are incomplete', async ({ index, other }) => {
      assert.equal(await index.incompleteParts(), PARTS.length);
      await (await claimed(index, '0')).complete(NOTHING_HELD);
      assert.equal(await other.incompleteParts(), PARTS.length - 1);
      for (const part of PARTS.slice(1)) {
        await (await claimed(index, part)).complete(NOTHING_HELD);
      }
      assert.equal(await other.incompleteParts(), 0);
    });

    test('stays complete while it is counted again', async ({ index, elapse }) => {
      await completeAll(index);
      await elapse(CLAIM.intervalMs + 1_000);
      const claim = await claimed(index, '0');
      assert.deepEqual(await namesIn(index, MAILBOX), []);
      await claim.complete(NOTHING_HELD);
      assert.deepEqual(await namesIn(index, MAILBOX), []);
    });
  });
}
