import { MAX_PARCEL_OCTETS } from '#awala/limits.ts';
import { Cache } from '#bounds/cache.ts';
import { FairLine, type Part } from '#bounds/fair-line.ts';
import type { Clock } from '#clock/clock.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { DeliveryAnswer } from './delivery-answer.ts';

/** How much all posts together may use, and how it is divided. */
interface PostLimits {
  /** Posts at once. */
  readonly concurrency: number;
  /** For the parcels that are being posted; one counts as the largest until it is read. */
  readonly bufferOctets: number;
  /** From when a post gives way to others that want its place or memory. */
  readonly patienceMs: number;
  /** How many may wait for a place. */
  readonly mostWaiting: number;
  readonly longestWaitMs: number;
}

interface PostPlacesParts {
  readonly clock: Clock;
  readonly metrics: Pick<GatewayMetrics, 'overShare'>;
}

/** Which destinations answered lately: so many of them, for so long. */
const MAX_ANSWERED = 10_000;
const ANSWERED_REMEMBERED_MS = 86_400_000;

/** Weight of the latest post in the mean time that a place is held. */
const MEAN_WEIGHT = 0.2;
const INITIAL_MEAN_MS = 500;
/** A post that had no answer for so long that others got its place. */
const GAVE_WAY: DeliveryAnswer = {
  outcome: 'failed',
  reason: 'gave-way',
  destination: 'down',
  retryAfterMs: null,
};
/** The longest that a parcel is put back for because there was no place. */
const MAX_TURN_MS = 60_000;

/**
 * Divides places for posts, and memory for their parcels: first between destinations that answered
 * lately and all others, so that any number of silent ones cost those that answer half at most;
 * then by sender. A post that has no answer after a while gives way to others.
 */
export class PostPlaces {
  readonly #clock: Clock;
  readonly #limits: PostLimits;
  readonly #places: FairLine;
  readonly #memory: FairLine;
  readonly #answered: Cache<true>;
  #meanMs = INITIAL_MEAN_MS;
  #nextTurnMs = 0;

  constructor({ clock, metrics }: PostPlacesParts, limits: PostLimits) {
    const { concurrency, bufferOctets } = limits;
    const onGivenWay = () => metrics.overShare('posts', 'client');
    this.#clock = clock;
    this.#limits = limits;
    this.#places = new FairLine({ ...limits, clock, capacity: concurrency, onGivenWay });
    const memory = { capacity: bufferOctets, mostWaiting: concurrency };
    this.#memory = new FairLine({ ...limits, ...memory, clock, onGivenWay });
    this.#answered = new Cache(clock, MAX_ANSWERED);
  }

  /**
   * Waits for a place, and memory for the largest parcel.
   *
   * @returns null if there was none in time, or others needed it more; come back at {@link turn}
   * @throws the signal's reason, if it is aborted first
   */
  async enter(address: string, sender: string, signal: AbortSignal): Promise<PostPlace | null> {
    const gaveWay = new AbortController();
    const giveWay = () => gaveWay.abort(new Error('the post gave way to others'));
    const who = [this.#answered.has(address) ? 'answering' : 'unproven', sender];
    const wish = { who, giveWay, signal };
    const place = await this.#places.take({ ...wish, amount: 1 });
    if (!place) {
      return null;
    }
    try {
      const memory = await this.#memory.take({ ...wish, amount: MAX_PARCEL_OCTETS });
      if (memory && !gaveWay.signal.aborted) {
        const onAnswer = (answer: DeliveryAnswer, tookMs: number) =>
          this.#learn(address, answer, tookMs);
        return new PostPlace({
          place,
          memory,
          gaveWay: gaveWay.signal,
          clock: this.#clock,
          onAnswer,
        });
      }
      memory?.release();
      place.release();
      return null;
    } catch (error) {
      place.release();
      throw error;
    }
  }

  /**
   * When a parcel that got no place is to come back: the first when those that wait now will have
   * had theirs, each further one after as long as it takes for a place to become free.
   */
  turn(): Date {
    const { patienceMs, mostWaiting, concurrency } = this.#limits;
    const nowMs = this.#clock.elapsedMs();
    const stepMs = Math.min(this.#meanMs, patienceMs) / concurrency;
    const earliestMs = nowMs + mostWaiting * stepMs;
    const turnMs = Math.min(Math.max(this.#nextTurnMs, earliestMs), nowMs + MAX_TURN_MS);
    this.#nextTurnMs = turnMs + stepMs;
    return new Date(this.#clock.now().getTime() + Math.ceil(turnMs - nowMs));
  }

  #learn(address: string, answer: DeliveryAnswer, tookMs: number): void {
    this.#meanMs += (tookMs - this.#meanMs) * MEAN_WEIGHT;
    if (answer.outcome !== 'failed' || answer.destination.startsWith('up')) {
      this.#answered.set(address, true, ANSWERED_REMEMBERED_MS);
    } else if (answer.destination === 'down') {
      this.#answered.delete(address);
    }
  }
}

interface PostPlaceParts {
  readonly place: Part;
  readonly memory: Part;
  readonly gaveWay: AbortSignal;
  readonly clock: Clock;
  readonly onAnswer: (answer: DeliveryAnswer, tookMs: number) => void;
}

/** A post's place and memory, until they are left. */
export class PostPlace {
  readonly #parts: PostPlaceParts;

  constructor(parts: PostPlaceParts) {
    this.#parts = parts;
  }

  /** Aborted when others get the place, or the memory. */
  get gaveWay(): AbortSignal {
    return this.#parts.gaveWay;
  }

  /** The parcel was read, and is so large. */
  holds(octets: number): void {
    this.#parts.memory.shrink(octets);
  }

  /**
   * Posts, having the full patience from now. If it gives way meanwhile, the destination has not
   * answered.
   *
   * @throws what `post` throws, but for having given way
   */
  async during(
    signal: AbortSignal,
    post: (either: AbortSignal) => Promise<DeliveryAnswer>,
  ): Promise<DeliveryAnswer> {
    const { place, memory, gaveWay, clock, onAnswer } = this.#parts;
    place.renew();
    memory.renew();
    const beganMs = clock.elapsedMs();
    let answer: DeliveryAnswer = GAVE_WAY;
    try {
      answer = await post(AbortSignal.any([signal, gaveWay]));
    } catch (error) {
      if (signal.aborted || !gaveWay.aborted) {
        throw error;
      }
    }
    onAnswer(answer, clock.elapsedMs() - beganMs);
    return answer;
  }

  /** Safe to repeat. */
  leave(): void {
    this.#parts.memory.release();
    this.#parts.place.release();
  }
}
