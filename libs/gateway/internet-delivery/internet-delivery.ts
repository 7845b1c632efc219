import { MAX_PARCEL_OCTETS } from '#awala/limits.ts';
import { pauseAfter } from '#bounds/backoff.ts';
import type { Budget, Release } from '#bounds/budget.ts';
import { LookUps } from '#bounds/look-ups.ts';
import type { Log } from '#log/log.ts';
import { logStep } from '#log/steps.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { Generation, ObjectKey, ObjectStore, StoredObject } from '#object-store/port.ts';
import { type Job, PoisonJobError, RetryLaterError, type WorkQueue } from '#work-queue/port.ts';
import { type ExpiryParts, isExpired } from '../held/expiry.ts';
import { addressOfInternetBoundKey } from '../held/object-keys.ts';
import { INTERNET_DELIVERY_TOPIC } from '../held/topics.ts';
import { backingFailuresRetried } from '../retry-backing.ts';
import type { DeliveryAnswer } from './delivery-answer.ts';
import type { Admission, Destinations } from './destinations.ts';
import type { PohttpClient } from './pohttp-client.ts';

interface InternetDeliveryParts extends ExpiryParts {
  readonly objects: ObjectStore;
  /** Where waiting parcels' jobs are. */
  readonly queue: Pick<WorkQueue, 'hasten'>;
  readonly client: Pick<PohttpClient, 'post'>;
  readonly destinations: Destinations;
  /** Bounds the octets of the parcels in memory. */
  readonly budget: Budget;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
}

interface Posting {
  readonly key: ObjectKey;
  readonly address: string;
  readonly job: Job;
  readonly admission: Admission;
}

/** Before the second attempt at a parcel whose destination is up. */
const FIRST_PAUSE_MS = 10_000;

/**
 * Answers cached, some 0.4 KiB each; one outlives its parcel until that many others came. They only
 * spare a second post: the truth is whether the object is deleted.
 */
const MAX_ANSWERS = 10_000;

/**
 * Posts parcels to their Internet addresses until they are accepted, refused for good, or expired;
 * then deletes them. The same process does not repost a parcel that was accepted but not deleted,
 * nor post one whose job it no longer holds.
 */
export class InternetDelivery {
  readonly #parts: InternetDeliveryParts;
  /**
   * Destinations' answers, received or expected, by key and generation; a parcel that was not
   * accepted may be posted again.
   */
  readonly #answers: LookUps<DeliveryAnswer>;

  constructor(parts: InternetDeliveryParts) {
    this.#parts = parts;
    this.#answers = new LookUps(parts.clock, MAX_ANSWERS);
  }

  /**
   * Handles a job of the topic `INTERNET_DELIVERY_TOPIC`.
   *
   * A parcel that may not go now is put back before it is read, so that a destination in trouble
   * costs the others nothing.
   *
   * @throws {RetryLaterError | PoisonJobError}
   */
  readonly handle = async (job: Job): Promise<void> => {
    const address = addressOfInternetBoundKey(job.key);
    if (address === null) {
      throw new PoisonJobError('the key is not that of an Internet-bound parcel');
    }
    const admission = this.#parts.destinations.admit(address);
    if (admission instanceof Date) {
      throw new RetryLaterError('the destination is busy, or left alone for a while', {
        notBefore: admission,
        waitsFor: address,
        isAttempt: false,
      });
    }
    await backingFailuresRetried(this.#parts.clock, () =>
      this.#deliver({ key: job.key, address, job, admission }),
    );
  };

  /** Another process found that a destination, which jobs wait for, has answered. */
  readonly onHastened = (address: string): void => {
    this.#parts.destinations.heardToAnswer(address);
  };

  async #deliver(posting: Posting): Promise<void> {
    const { budget, objects } = this.#parts;
    const { job } = posting;
    let answer: DeliveryAnswer | null = null;
    let isNews = false;
    let release: Release | null = null;
    let stored: StoredObject | null = null;
    try {
      // Its size is known once it is read.
      release = await budget.acquire(MAX_PARCEL_OCTETS, job.signal);
      stored = await objects.get(job.key);
      release(stored?.body.length);
      const onPosted = () => {
        isNews = true;
      };
      answer = stored && (await this.#post(posting, stored, onPosted));
    } finally {
      release?.();
      // A cached answer says nothing of the destination now.
      await this.#endAdmission(posting, isNews ? answer : null);
    }
    if (stored) {
      await this.#conclude(posting, stored.generation, answer);
    }
  }

  /**
   * If the destination answered, lets as many of those that wait for it come as there is room for.
   */
  async #endAdmission({ address, admission }: Posting, answer: DeliveryAnswer | null) {
    const { queue, destinations, log } = this.#parts;
    const room = endWith(admission, answer);
    if (room === 0) {
      return;
    }
    try {
      if ((await queue.hasten(INTERNET_DELIVERY_TOPIC, address, room)) === room) {
        destinations.moreMayWait(address);
      }
    } catch (error) {
      // They come at their own time, or with the next success.
      destinations.moreMayWait(address);
      log.debug({ error, address }, 'Could not hasten the parcels that wait for a destination');
    }
  }

  /**
   * @returns null if the parcel has expired
   * @throws {RetryLaterError} if another process now holds the job
   */
  async #post(
    { key, address, job }: Posting,
    stored: StoredObject,
    onPosted: () => void,
  ): Promise<DeliveryAnswer | null> {
    if (isExpired(stored, this.#parts)) {
      return null;
    }
    if (!job.isHeld()) {
      throw new RetryLaterError('the job may be in the hands of another', { isAttempt: false });
    }
    const { attempt, signal } = job;
    return this.#answers.get(`${key} ${stored.generation}`, async () => {
      onPosted();
      logStep(this.#parts.log, 'posted', key, { address, attempt });
      const parcel = stored.body;
      const value = await this.#parts.client.post({
        internetAddress: address,
        parcel,
        attempt,
        signal,
      });
      return { value, forMs: value.outcome === 'failed' ? 0 : Number.POSITIVE_INFINITY };
    });
  }

  async #conclude(
    { key, address, job }: Posting,
    generation: Generation,
    answer: DeliveryAnswer | null,
  ): Promise<void> {
    const { metrics, clock, log, destinations } = this.#parts;
    if (answer?.outcome === 'failed') {
      const { reason, destination } = answer;
      const turn = destinations.turnAt(address);
      const backoff = { firstMs: FIRST_PAUSE_MS, maxMs: destinations.longestPauseMs };
      const pauseMs = pauseAfter(job.attempt, backoff);
      const notBefore = turn ?? new Date(clock.now().getTime() + pauseMs);
      const { attempt } = job;
      logStep(log, 'answered', key, { address, outcome: 'failed', reason, attempt, notBefore });
      // The parcel's own trouble does not end when others arrive.
      const waitsFor = turn !== null || destination === 'unknown' ? address : undefined;
      throw new RetryLaterError(reason, { notBefore, waitsFor });
    }
    const wasLast = await this.#parts.objects.delete(key, { generation });
    const outcome = answer?.outcome ?? 'expired';
    metrics.parcelDelivered(outcome);
    const reason = answer?.outcome === 'refused' ? answer.reason : undefined;
    // Where nothing went wrong, whom a parcel was for is nobody's business.
    const isToTell = reason !== undefined || log.wants('debug');
    const fields = { attempt: job.attempt, ...(isToTell && { address }) };
    if (answer) {
      logStep(log, 'answered', key, { ...fields, outcome, ...(reason && { reason }) });
    }
    if (wasLast) {
      logStep(log, answer ? 'deleted' : 'expired', key, fields);
    } else {
      // It may have been replaced meanwhile, when its job could not be queued.
      throw new RetryLaterError('the parcel was replaced or removed while under way', {
        notBefore: clock.now(),
      });
    }
  }
}

function endWith(admission: Admission, answer: DeliveryAnswer | null): number {
  if (answer === null) {
    return admission.end('unknown');
  }
  return answer.outcome === 'failed'
    ? admission.end(answer.destination, answer.retryAfterMs)
    : admission.end('up');
}
