import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { GatheredCalls } from './gathered-calls.ts';

describe('Calls to a backing service that are asked for at one time', () => {
  it('are made together, each getting its own result', async () => {
    const { calls, gathered } = doubling();
    assert.deepEqual(await Promise.all([1, 2, 3].map((item) => gathered.add(item))), [2, 4, 6]);
    assert.deepEqual(calls, [[1, 2, 3]]);
  });

  it('are divided where they are more than one call takes', async () => {
    const { calls, gathered } = doubling();
    const items = [1, 2, 3, 4, 5, 6, 7];
    const results = await Promise.all(items.map((item) => gathered.add(item)));
    assert.deepEqual(results, [2, 4, 6, 8, 10, 12, 14]);
    assert.deepEqual(calls, [[1, 2, 3], [4, 5, 6], [7]]);
  });

  it('do not wait for those that come later', async () => {
    const { calls, gathered } = doubling();
    const first = gathered.add(1);
    await setImmediate();
    await setImmediate();
    assert.deepEqual(calls, [[1]]);
    assert.deepEqual(await Promise.all([first, gathered.add(2)]), [2, 4]);
    assert.deepEqual(calls, [[1], [2]]);
  });

  it('fail together, and not with those of another time', async () => {
    const { gathered } = doubling();
    const [bad, beside] = await Promise.allSettled([gathered.add(-1), gathered.add(1)]);
    assert.deepEqual([bad.status, beside.status], ['rejected', 'rejected']);
    assert.equal(await gathered.add(1), 2);
  });
});

function doubling() {
  const calls: (readonly number[])[] = [];
  const gathered = new GatheredCalls<number, number>(3, async (items) => {
    calls.push(items);
    assert.ok(items.every((item) => item > 0));
    return items.map((item) => item * 2);
  });
  return { calls, gathered };
}
