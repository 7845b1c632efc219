import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { noMetrics } from '#metrics/port.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { type Job, RetryLaterError } from '#work-queue/port.ts';
import { Admissions } from './admissions.ts';
import type { DeliveryAnswer } from './delivery-answer.ts';
import { Destinations } from './destinations.ts';
import { InternetDelivery } from './internet-delivery.ts';
import { PostPlaces } from './post-places.ts';

const ADDRESS = 'app.example';
const KEY = `parcels/internet-bound/${ADDRESS}/sender/one`;

describe('InternetDelivery', () => {
  async function setting() {
    const clock = new ManualClock();
    const objects = new InMemoryObjectStore();
    const limits = { failuresToPause: 3, minPauseMs: 1, maxPauseMs: 60_000, maxTracked: 9 };
    const destinations = new Destinations(clock, { ...limits, maxConcurrent: 9 });
    const senders = new Destinations(clock, { ...limits, maxConcurrent: 9 });
    const waiting = { mostWaiting: 2, longestWaitMs: 5_000, patienceMs: 2_000 };
    const shared = { concurrency: 4, bufferOctets: 100_000_000, ...waiting };
    const places = new PostPlaces({ clock, metrics: noMetrics }, shared);
    /** Takes so many places, and places to wait in; the result leaves them. */
    const hold = async (count: number) => {
      const leaving = new AbortController();
      const entering = Array.from({ length: count }, () =>
        places.enter('other.example', 'sender', leaving.signal),
      );
      await setImmediate();
      return async () => {
        leaving.abort();
        for (const entered of await Promise.allSettled(entering)) {
          if (entered.status === 'fulfilled') {
            entered.value?.leave();
          }
        }
      };
    };
    let posts = 0;
    const answers: DeliveryAnswer[] = [];
    const delivery = new InternetDelivery({
      clock,
      objects,
      queue: { hasten: async () => 0 },
      log: silentLog,
      metrics: noMetrics,
      admissions: new Admissions({ destinations, senders }),
      places,
      client: {
        async post() {
          posts += 1;
          return answers.shift() ?? { outcome: 'delivered' };
        },
      },
    });
    const expiresAt = new Date(clock.now().getTime() + 1_000);
    const put = () => objects.put(KEY, Buffer.from('a parcel'), { expiresAt });
    await put();
    const { signal } = new AbortController();
    const job: Job = { key: KEY, attempt: 1, expiresAt, signal, isHeld: () => true };
    return { clock, destinations, delivery, objects, put, job, hold, answers, posts: () => posts };
  }

  it('posts nothing for a job that another may have in hand, and tries again', async () => {
    const { delivery, objects, job, posts } = await setting();
    await assert.rejects(delivery.handle({ ...job, isHeld: () => false }), RetryLaterError);
    assert.equal(posts(), 0);
    assert.notEqual(await objects.get(KEY), null);
    await delivery.handle(job);
    assert.equal(posts(), 1);
    assert.equal(await objects.get(KEY), null);
  });

  it('posts once what two jobs at once are for', async () => {
    const { delivery, objects, job, posts } = await setting();
    const [one, other] = await Promise.allSettled([delivery.handle(job), delivery.handle(job)]);
    assert.equal(posts(), 1);
    assert.equal(await objects.get(KEY), null);
    // Whichever finds nothing to delete looks again, in case that there is something new.
    assert.deepEqual([one.status, other.status].sort(), ['fulfilled', 'rejected']);
    await delivery.handle(job);
  });

  it('posts what replaced a parcel that was taken', async () => {
    const { delivery, objects, put, job, posts } = await setting();
    const deletion = objects.delete.bind(objects);
    objects.delete = () => Promise.reject(new BackingUnavailableError('object-store', 'away'));
    await assert.rejects(delivery.handle(job), RetryLaterError);
    objects.delete = deletion;
    await put();
    await delivery.handle(job);
    assert.equal(posts(), 2);
    assert.equal(await objects.get(KEY), null);
  });

  it('posts again what was not taken, after 5 to 10 s at first', async () => {
    const { clock, delivery, objects, job, answers, posts } = await setting();
    answers.push({ outcome: 'failed', reason: 'http-503', destination: 'up', retryAfterMs: null });
    await assert.rejects(delivery.handle(job), (error) => {
      assert.ok(error instanceof RetryLaterError && error.notBefore);
      const pauseMs = error.notBefore.getTime() - clock.now().getTime();
      assert.ok(pauseMs >= 5_000 && pauseMs <= 10_000);
      return true;
    });
    await delivery.handle(job);
    assert.equal(posts(), 2);
    assert.equal(await objects.get(KEY), null);
  });

  it('waits as long as an answer asks that says nothing of other parcels', async () => {
    const { clock, delivery, job, answers } = await setting();
    answers.push({ outcome: 'failed', reason: 'full', destination: 'up', retryAfterMs: 50_000 });
    await assert.rejects(delivery.handle(job), (error) => {
      assert.ok(error instanceof RetryLaterError && error.notBefore);
      assert.equal(error.notBefore.getTime() - clock.now().getTime(), 50_000);
      return true;
    });
  });

  it('puts a parcel back unread, without an attempt, where there is no place to wait in', async () => {
    const { delivery, objects, job, hold } = await setting();
    const leave = await hold(6);
    await assert.rejects(delivery.handle(job), (error) => {
      assert.ok(error instanceof RetryLaterError && error.notBefore);
      assert.equal(error.isAttempt, false);
      return true;
    });
    await leave();
    await delivery.handle(job);
    assert.equal(await objects.get(KEY), null);
  });

  it('takes an answer that it remembers for no sign that the destination is well', async () => {
    const { clock, destinations, delivery, objects, job, posts } = await setting();
    const deletion = objects.delete.bind(objects);
    objects.delete = () => Promise.reject(new BackingUnavailableError('object-store', 'away'));
    await assert.rejects(delivery.handle(job), RetryLaterError);
    objects.delete = deletion;
    for (let failure = 0; failure < 3; failure++) {
      const admission = destinations.admit(ADDRESS);
      assert.ok(!(admission instanceof Date));
      admission.end('down');
    }
    clock.advance(10);
    await delivery.handle(job);
    assert.equal(posts(), 1);
    const tried = destinations.admit(ADDRESS);
    assert.ok(!(tried instanceof Date));
    assert.ok(
      destinations.admit(ADDRESS) instanceof Date,
      'is still tried by one parcel at a time',
    );
  });
});
