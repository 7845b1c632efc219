import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ManualClock } from '#clock/manual-clock.ts';
import type { DeliveryAnswer } from './delivery-answer.ts';
import { PostPlaces } from './post-places.ts';

const PATIENCE_MS = 2_000;

function setUp({ concurrency = 2, bufferOctets = 64 * 1_024 * 1_024 } = {}) {
  const clock = new ManualClock();
  const counted: string[] = [];
  const metrics = { overShare: (what: string, who: string) => void counted.push(`${what} ${who}`) };
  const limits = { concurrency, bufferOctets, patienceMs: PATIENCE_MS };
  const places = new PostPlaces(
    { clock, metrics },
    { ...limits, mostWaiting: 2, longestWaitMs: 5_000 },
  );
  const { signal } = new AbortController();
  const answers = async (): Promise<DeliveryAnswer> => ({ outcome: 'delivered' });
  /** Begins a post that has no answer. */
  const postInVain = async (address: string, sender: string) => {
    const place = await places.enter(address, sender, signal);
    const answer = place?.during(signal, (either) => {
      const { promise, reject } = Promise.withResolvers<DeliveryAnswer>();
      either.addEventListener('abort', () => reject(either.reason));
      return promise;
    });
    return { place, answer };
  };
  const post = async (address: string, sender: string) => {
    const place = await places.enter(address, sender, signal);
    const answer = await place?.during(signal, answers);
    place?.leave();
    return answer;
  };
  return { clock, places, post, postInVain, signal, counted };
}

describe('PostPlaces', () => {
  it('gives the place of a post without an answer to others, which is a failure of its destination', async () => {
    const { clock, post, postInVain, counted } = setUp({ concurrency: 1 });
    const { answer } = await postInVain('silent.example', 'one');
    const other = post('other.example', 'two');
    clock.advance(PATIENCE_MS);
    assert.deepEqual(await answer, {
      outcome: 'failed',
      reason: 'gave-way',
      destination: 'down',
      retryAfterMs: null,
    });
    assert.deepEqual(await other, { outcome: 'delivered' });
    assert.deepEqual(counted, ['posts client']);
  });

  it('lets a post without an answer go on where nobody else wants its place', async () => {
    const { clock, postInVain, counted } = setUp({ concurrency: 1 });
    const { place } = await postInVain('silent.example', 'one');
    clock.advance(10 * PATIENCE_MS);
    await setImmediate();
    assert.equal(place?.gaveWay.aborted, false);
    assert.deepEqual(counted, []);
  });

  it('takes the places of any number of senders to silent destinations for one that answers', async () => {
    const { clock, post, postInVain } = setUp({ concurrency: 2 });
    await post('app.example', 'two');
    const silent = [await postInVain('a.example', 'x'), await postInVain('b.example', 'y')];
    const waiting = [postInVain('c.example', 'z'), post('app.example', 'two')];
    clock.advance(PATIENCE_MS);
    assert.deepEqual(await waiting[1], { outcome: 'delivered' });
    assert.ok(silent[0]?.place?.gaveWay.aborted);
  });

  it('gives the memory of a post without an answer to others', async () => {
    const { clock, places, post, postInVain } = setUp({ bufferOctets: 16_000_000 });
    const { place } = await postInVain('silent.example', 'one');
    place?.holds(9_000_000);
    const other = post('other.example', 'two');
    const turnMs = places.turn().getTime() - clock.now().getTime();
    assert.ok(turnMs > 0);
    clock.advance(PATIENCE_MS);
    assert.deepEqual(await other, { outcome: 'delivered' });
    assert.ok(place?.gaveWay.aborted);
  });

  it('sends away who finds no place to wait in, to come back one after the other', async () => {
    const { clock, places, postInVain, signal } = setUp({ concurrency: 1 });
    await postInVain('a.example', 'one');
    const waiting = [1, 2].map(() => places.enter('b.example', 'one', signal));
    assert.equal(await places.enter('c.example', 'one', signal), null);
    const turns = [1, 2, 3].map(() => places.turn().getTime() - clock.now().getTime());
    assert.deepEqual(turns, [1_000, 1_500, 2_000]);
    clock.advance(5_000);
    for (const place of await Promise.all(waiting)) {
      place?.leave();
    }
    for (let count = 0; count < 1_000; count++) {
      places.turn();
    }
    assert.equal(places.turn().getTime() - clock.now().getTime(), 60_000);
  });

  it('ends a post whose job was taken back, whatever becomes of its place', async () => {
    const { places } = setUp();
    const job = new AbortController();
    const place = await places.enter('a.example', 'one', job.signal);
    const posting = place?.during(job.signal, async (either) => {
      job.abort(new Error('taken back'));
      either.throwIfAborted();
      return { outcome: 'delivered' };
    });
    await assert.rejects(async () => posting, /taken back/);
  });
});
