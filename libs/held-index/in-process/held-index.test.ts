import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import {
  CLAIM,
  claimed,
  completeAll,
  digestOf,
  MAILBOX,
  namesIn,
  object,
} from '../contract/opened-index.ts';
import { describeHeldIndex } from '../contract.ts';
import { NOTHING_HELD } from '../port.ts';
import { InProcessHeldIndex } from './held-index.ts';

function open(maxEntries = 100_000) {
  const clock = new ManualClock();
  const index = new InProcessHeldIndex({ clock, maxEntries });
  return {
    index,
    other: index,
    async elapse(ms: number) {
      clock.advance(ms);
    },
    [Symbol.asyncDispose]: () => index[Symbol.asyncDispose](),
  };
}

describeHeldIndex('The process', async () => open());

it('does not claim to know all where there was no room to remember something', async () => {
  const { index, elapse } = open(2);
  await completeAll(index);
  const { token } = await index.add(MAILBOX, object(digestOf(1)));
  await index.add(MAILBOX, object(digestOf(2)));
  assert.equal((await index.add(MAILBOX, object(digestOf(3)))).isMissing, true);
  assert.equal(await index.read(MAILBOX), null);
  assert.equal(await index.incompleteParts(), 1);
  await elapse(CLAIM.intervalMs + 1);
  const counting = await claimed(index, '0');
  assert.equal(counting.waitMs, 0);
  assert.equal((await index.add(MAILBOX, object(digestOf(3)))).isMissing, true);
  assert.equal(await counting.complete(NOTHING_HELD), false);
  assert.equal(await index.read(MAILBOX), null);
  await index.remove(MAILBOX, digestOf(1), String(token));
  assert.equal(await index.claim('0', CLAIM), null);
  await elapse(CLAIM.intervalMs);
  const again = await claimed(index, '0');
  assert.equal(again.waitMs, 0);
  await again.complete(NOTHING_HELD);
  assert.deepEqual(await namesIn(index, MAILBOX), [digestOf(2)]);
});
