import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HeldParcel } from '../held/mailbox.ts';
import { CollectionQueue } from './collection-queue.ts';

const TOMORROW = new Date('2026-01-02T00:00:00Z');

function held(key: string, generation = '1', expiresAt = TOMORROW): HeldParcel {
  const storedAt = expiresAt;
  return { key, generation, token: null, isSettled: true, sizeOctets: 1, expiresAt, storedAt };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A queue over listings that the test gives, with what it told and read so far. */
class QueueUnderTest {
  readonly stop = new AbortController();
  readonly failures: unknown[] = [];
  listings = 0;
  read = 0;
  listingsLeft = 0;
  stored: readonly HeldParcel[] = [];
  failure: Error | null = null;
  onChange = () => {};
  readonly queue = new CollectionQueue({
    list: () => this.#list(),
    onChange: () => this.onChange(),
    onFailure: (error) => this.failures.push(error),
    signal: this.stop.signal,
  });

  takeAll(): HeldParcel[] {
    const taken: HeldParcel[] = [];
    for (let next = this.queue.take(); next; next = this.queue.take()) {
      taken.push(next);
    }
    return taken;
  }

  async *#list(): AsyncIterable<HeldParcel> {
    this.listings += 1;
    try {
      for (const parcel of this.stored) {
        this.read += 1;
        yield parcel;
      }
      if (this.failure) {
        throw this.failure;
      }
    } finally {
      this.listingsLeft += 1;
    }
  }
}

function namesOf(parcels: readonly HeldParcel[]): string[] {
  return parcels.map(({ key, generation }) => `${key}:${generation}`);
}

describe('CollectionQueue', () => {
  it('gives out what is listed, then is idle', async () => {
    const under = new QueueUnderTest();
    under.stored = [held('a'), held('b')];
    under.queue.relist();
    assert.equal(under.queue.isIdle, false);
    await settled();
    assert.deepEqual(namesOf(under.takeAll()), ['a:1', 'b:1']);
    assert.equal(under.queue.isIdle, true);
  });

  it('does not give out what is in progress', async () => {
    const under = new QueueUnderTest();
    under.queue.arrived(held('a'));
    const [taken = held('?')] = under.takeAll();
    under.stored = [held('a')];
    under.queue.relist();
    under.queue.arrived(held('a'));
    await settled();
    assert.deepEqual(under.takeAll(), []);
    under.queue.finish(taken);
    assert.deepEqual(under.takeAll(), []);
  });

  it('gives out a newer generation once the older one is finished', () => {
    const under = new QueueUnderTest();
    under.queue.arrived(held('a', '1'));
    const [taken = held('?')] = under.takeAll();
    under.queue.arrived(held('a', '2'));
    assert.deepEqual(under.takeAll(), []);
    under.queue.finish(taken);
    assert.deepEqual(namesOf(under.takeAll()), ['a:2']);
  });

  it('keeps, of several other generations, the one that lasts longest', () => {
    const under = new QueueUnderTest();
    under.queue.arrived(held('a', '2'));
    const [taken = held('?')] = under.takeAll();
    under.queue.arrived(held('a', '3'));
    under.queue.arrived(held('a', '1', new Date(0)));
    assert.deepEqual(under.takeAll(), []);
    under.queue.finish(taken);
    assert.deepEqual(namesOf(under.takeAll()), ['a:3']);
  });

  it('gives out again what was put back, and still knows of the newer generation', () => {
    const under = new QueueUnderTest();
    under.queue.arrived(held('a', '1', new Date(0)));
    const [taken = held('?')] = under.takeAll();
    under.queue.arrived(held('a', '2'));
    assert.deepEqual(under.takeAll(), []);
    under.queue.putBack(taken);
    const [again = held('?')] = under.takeAll();
    under.queue.finish(again);
    assert.deepEqual(namesOf([again, ...under.takeAll()]), ['a:1', 'a:2']);
  });

  it('takes arrivals and backlog by turns', async () => {
    const under = new QueueUnderTest();
    under.stored = [held('a'), held('b')];
    under.queue.relist();
    await settled();
    for (const key of ['x', 'y', 'z']) {
      under.queue.arrived(held(key));
    }
    assert.deepEqual(namesOf(under.takeAll()), ['x:1', 'a:1', 'y:1', 'b:1', 'z:1']);
  });

  it('reads the listing no faster than it is used', async () => {
    const under = new QueueUnderTest();
    under.stored = Array.from({ length: 5_000 }, (_, index) => held(`${index}`));
    under.queue.relist();
    await settled();
    assert.equal(under.read, 256);
    const taken = Array.from({ length: 128 }, () => under.queue.take());
    await settled();
    assert.equal(under.read, 256);
    taken.push(under.queue.take());
    await settled();
    assert.equal(under.read, 256 + 129);
  });

  it('gives out a long listing whole and in order', async () => {
    const under = new QueueUnderTest();
    under.stored = Array.from({ length: 5_000 }, (_, index) => held(`${index}`));
    const taken: HeldParcel[] = [];
    under.onChange = () => taken.push(...under.takeAll());
    under.queue.relist();
    await settled();
    assert.deepEqual(taken, under.stored);
    assert.equal(under.queue.isIdle, true);
  });

  it('lists again when more arrives than it remembers', async () => {
    const under = new QueueUnderTest();
    for (let index = 0; index < 1_000; index++) {
      under.queue.arrived(held(`${index}`));
    }
    assert.equal(under.listings, 0);
    under.stored = [held('one more')];
    under.queue.arrived(held('one more'));
    await settled();
    assert.equal(under.listings, 1);
    const taken = namesOf(under.takeAll());
    assert.equal(taken.length, 1_001);
    assert.ok(taken.includes('one more:1'));
  });

  it('lists once more, whatever the number of reasons during a listing', async () => {
    const under = new QueueUnderTest();
    under.queue.relist();
    under.queue.relist();
    under.queue.relist();
    await settled();
    assert.equal(under.listings, 2);
  });

  it('leaves the listing when it is stopped while there is no room', async () => {
    const under = new QueueUnderTest();
    under.stored = Array.from({ length: 300 }, (_, index) => held(`${index}`));
    under.queue.relist();
    await settled();
    under.stop.abort();
    await settled();
    assert.equal(under.listingsLeft, 1);
    assert.deepEqual(under.failures, []);
  });

  it('leaves the listing when it is stopped by the very parcel that fills it', async () => {
    const under = new QueueUnderTest();
    under.stored = Array.from({ length: 300 }, (_, index) => held(`${index}`));
    under.onChange = () => under.read === 256 && under.stop.abort();
    under.queue.relist();
    await settled();
    assert.equal(under.listingsLeft, 1);
  });

  it('starts no listing once it is stopped', async () => {
    const under = new QueueUnderTest();
    under.stop.abort();
    under.queue.relist();
    await settled();
    assert.equal(under.listings, 0);
  });

  it('tells why a listing failed, and is idle again', async () => {
    const under = new QueueUnderTest();
    under.failure = new Error('cut off');
    under.queue.relist();
    await settled();
    assert.deepEqual(under.failures, [under.failure]);
    assert.equal(under.queue.isIdle, true);
  });
});
