import assert from 'node:assert/strict';
import { it } from 'node:test';
import { inTurns } from './in-turns.ts';

it('what is done to many connections is done in order, and lets others have their turn', async () => {
  const all = Array.from({ length: 220 }, (_, index) => index);
  const done: number[] = [];
  const working = inTurns(all, (item, index) => {
    assert.equal(item, index);
    done.push(item);
  });
  const counts = [done.length];
  while (done.length < all.length) {
    await new Promise((resolve) => setImmediate(resolve));
    counts.push(done.length);
  }
  await working;
  assert.deepEqual(done, all);
  assert.ok(counts.length >= 5, `${counts}`);
  assert.ok(counts[0] !== undefined && counts[0] < 50, `${counts}`);
});
