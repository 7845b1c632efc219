import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { Cache } from './cache.ts';

function setUp(max = 10) {
  const clock = new ManualClock();
  return { clock, cache: new Cache<number>(clock, max) };
}

describe('Cache', () => {
  it('remembers a value for as long as it is told, however often it is used', () => {
    const { clock, cache } = setUp();
    cache.set('a', 1, 1_000);
    cache.set('b', 2);
    clock.advance(999);
    assert.equal(cache.get('a'), 1);
    assert.ok(cache.has('a'));
    clock.advance(1);
    assert.ok(!cache.has('a'));
    assert.equal(cache.get('a'), undefined);
    clock.advance(1e12);
    assert.equal(cache.get('b'), 2);
  });

  it('goes by the time that passed, whatever the clock is set to', () => {
    const { clock, cache } = setUp();
    cache.set('a', 1, 1_000);
    clock.set(new Date('2040-01-01T00:00:00Z'));
    assert.equal(cache.get('a'), 1);
  });

  it('measures anew for a value that is replaced, and forgets one that is kept for no time', () => {
    const { clock, cache } = setUp();
    cache.set('a', 1, 1_000);
    clock.advance(500);
    cache.set('a', 2, 1_000);
    clock.advance(999);
    assert.equal(cache.get('a'), 2);
    cache.set('a', 3, 0);
    assert.equal(cache.get('a'), undefined);
    assert.equal(cache.size, 0);
  });

  it('forgets the value that was not used for longest when there are too many', () => {
    const { cache } = setUp(2);
    cache.set('a', 1);
    cache.set('b', 2);
    cache.get('a');
    cache.set('c', 3);
    assert.deepEqual(
      ['a', 'b', 'c'].map((key) => cache.get(key)),
      [1, undefined, 3],
    );
    assert.equal(cache.size, 2);
  });

  it('keeps what has expired no longer than until it is asked for or told to forget it', () => {
    const { clock, cache } = setUp();
    for (const key of ['a', 'b', 'c', 'd']) {
      cache.set(key, 1, 1_000);
    }
    clock.advance(1_000);
    assert.equal(cache.size, 4);
    cache.get('a');
    assert.equal(cache.size, 3);
    cache.delete('b');
    assert.equal(cache.size, 2);
    cache.clear();
    assert.equal(cache.size, 0);
  });
});
