import { pauseAfter } from '#bounds/backoff.ts';
import { LookUps } from '#bounds/look-ups.ts';
import type { Log } from '#log/log.ts';
import { logStep } from '#log/steps.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { Generation, ObjectKey, ObjectStore, StoredObject } from '#object-store/port.ts';
import { type Job, PoisonJobError, RetryLaterError, type WorkQueue } from '#work-queue/port.ts';
import { type ExpiryParts, isExpired } from '../held/expiry.ts';
import { endsOfInternetBoundKey } from '../held/object-keys.ts';
import { INTERNET_DELIVERY_TOPIC } from '../held/topics.ts';
import { backingFailuresRetried } from '../retry-backing.ts';
import type { Admissions, DeliveryAdmission } from './admissions.ts';
import type { DeliveryAnswer } from './delivery-answer.ts';
import type { PohttpClient } from './pohttp-client.ts';
import type { PostPlace, PostPlaces } from './post-places.ts';

interface InternetDeliveryParts extends ExpiryParts {
  readonly objects: ObjectStore;
  /** Where waiting parcels' jobs are. */
  readonly queue: Pick<WorkQueue, 'hasten'>;
  readonly client: Pick<PohttpClient, 'post'>;
  readonly admissions: Admissions;
  /** Bound the posts at once, and the octets of their parcels in memory. */
  readonly places: PostPlaces;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
}

interface Posting {
  readonly key: ObjectKey;
  readonly address: string;
  readonly sender: string;
  readonly job: Job;
  readonly admission: DeliveryAdmission;
}

type Failure = Extract<DeliveryAnswer, { outcome: 'failed' }>;

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
    const ends = endsOfInternetBoundKey(job.key);
    if (!ends) {
      throw new PoisonJobError('the key is not that of an Internet-bound parcel');
    }
    const admission = this.#parts.admissions.admit(ends.address, ends.sender);
    await backingFailuresRetried(this.#parts.clock, () =>
      this.#deliver({ key: job.key, ...ends, job, admission }),
    );
  };

  /** Another process found that what jobs wait for has answered. */
  readonly onHastened = (waitsFor: string): void => {
    this.#parts.admissions.heardToAnswer(waitsFor);
  };

  async #deliver(posting: Posting): Promise<void> {
    const { places, objects } = this.#parts;
    const { address, sender, job } = posting;
    let answer: DeliveryAnswer | null = null;
    let isNews = false;
    let place: PostPlace | null = null;
    let stored: StoredObject | null = null;
    try {
      place = await places.enter(address, sender, job.signal);
      if (!place) {
        throw this.#noPlace();
      }
      stored = await objects.get(job.key);
      place.holds(stored?.body.length ?? 0);
      const onPosted = () => {
        isNews = true;
      };
      answer = stored && (await this.#post(posting, stored, place, onPosted));
    } finally {
      place?.leave();
      // A cached answer says nothing of the destination now.
      await this.#endAdmission(posting, isNews ? answer : null);
    }
    if (stored) {
      await this.#conclude(posting, stored.generation, answer);
    }
  }

  #noPlace(): RetryLaterError {
    const notBefore = this.#parts.places.turn();
    return new RetryLaterError('others need the place', { notBefore, isAttempt: false });
  }

  /** Lets as many of those that wait for what answered come as there is room for. */
  async #endAdmission({ address, admission }: Posting, answer: DeliveryAnswer | null) {
    for (const { waitsFor, count, moreMayWait } of admission.end(answer)) {
      try {
        if ((await this.#parts.queue.hasten(INTERNET_DELIVERY_TOPIC, waitsFor, count)) === count) {
          moreMayWait();
        }
      } catch (error) {
        // They come at their own time, or with the next success.
        moreMayWait();
        const line = 'Could not hasten the parcels that wait for a destination';
        this.#parts.log.debug({ error, address }, line);
      }
    }
  }

  /**
   * @returns null if the parcel has expired
   * @throws {RetryLaterError} if another process now holds the job, or another post the place
   */
  async #post(
    { key, address, job }: Posting,
    stored: StoredObject,
    place: PostPlace,
    onPosted: () => void,
  ): Promise<DeliveryAnswer | null> {
    if (isExpired(stored, this.#parts)) {
      return null;
    }
    if (!job.isHeld()) {
      throw new RetryLaterError('the job may be in the hands of another', { isAttempt: false });
    }
    if (place.gaveWay.aborted) {
      throw this.#noPlace();
    }
    const { attempt, signal } = job;
    return this.#answers.get(`${key} ${stored.generation}`, async () => {
      onPosted();
      logStep(this.#parts.log, 'posted', key, { address, attempt });
      const parcel = stored.body;
      const value = await place.during(signal, (either) =>
        this.#parts.client.post({ internetAddress: address, parcel, attempt, signal: either }),
      );
      return { value, forMs: value.outcome === 'failed' ? 0 : Number.POSITIVE_INFINITY };
    });
  }

  async #conclude(
    posting: Posting,
    generation: Generation,
    answer: DeliveryAnswer | null,
  ): Promise<void> {
    const { metrics, clock, log } = this.#parts;
    const { key, address, job } = posting;
    if (answer?.outcome === 'failed') {
      throw this.#afterFailure(posting, answer);
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

  #afterFailure({ key, address, sender, job }: Posting, answer: Failure): RetryLaterError {
    const { clock, log, admissions } = this.#parts;
    const { reason, destination, retryAfterMs } = answer;
    const { attempt } = job;
    const { longestPauseMs } = admissions;
    const turn = admissions.turnAt(address, sender);
    const backoff = { firstMs: FIRST_PAUSE_MS, maxMs: longestPauseMs };
    const askedMs = Math.min(retryAfterMs ?? 0, longestPauseMs);
    const pauseMs = Math.max(pauseAfter(attempt, backoff), askedMs);
    const notBefore = turn?.notBefore ?? new Date(clock.now().getTime() + pauseMs);
    logStep(log, 'answered', key, { address, outcome: 'failed', reason, attempt, notBefore });
    // The parcel's own trouble does not end when others arrive.
    const waitsFor = turn?.waitsFor ?? (destination === 'unknown' ? address : undefined);
    return new RetryLaterError(reason, { notBefore, waitsFor });
  }
}
