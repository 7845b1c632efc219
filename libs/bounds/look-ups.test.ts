import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { LookUps } from './look-ups.ts';

function setUp(maxEntries = 10) {
  const clock = new ManualClock();
  const cache = new LookUps<number>(clock, maxEntries);
  let loads = 0;
  const load = async () => ({ value: ++loads, forMs: 1_000 });
  return { clock, cache, load };
}

describe('LookUps', () => {
  it('remembers for as long as the answer says', async () => {
    const { clock, cache, load } = setUp();
    assert.equal(await cache.get('a', load), 1);
    clock.advance(999);
    assert.equal(await cache.get('a', load), 1);
    clock.advance(1);
    assert.equal(await cache.get('a', load), 2);
  });

  it('looks up once for those who ask at once', async () => {
    const { cache, load } = setUp();
    const values = await Promise.all([cache.get('a', load), cache.get('a', load)]);
    assert.deepEqual(values, [1, 1]);
  });

  it('does not remember a failure', async () => {
    const { cache, load } = setUp();
    const failure = new Error('no');
    await assert.rejects(
      cache.get('a', () => Promise.reject(failure)),
      failure,
    );
    assert.equal(await cache.get('a', load), 1);
  });

  it('looks again for what it was told to forget, found or being looked for', async () => {
    const { cache, load } = setUp();
    const first = cache.get('a', load);
    cache.forget('a');
    const second = cache.get('a', load);
    assert.deepEqual(await Promise.all([first, second, cache.get('a', load)]), [1, 2, 2]);
    cache.forget('a');
    assert.equal(await cache.get('a', load), 3);
  });

  it('forgets the oldest when it is full', async () => {
    const { cache, load } = setUp(2);
    for (const key of ['a', 'b', 'c', 'c', 'b']) {
      await cache.get(key, load);
    }
    assert.equal(await cache.get('b', load), 2);
    assert.equal(await cache.get('a', load), 4);
  });
});
