import { CargoBatch } from '#awala/cargo/message-set.ts';
import type { Reserving } from '#bounds/budget.ts';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import type { ObjectKey } from '#object-store/port.ts';
import type { CargoItem, CargoMessage } from './collection-contents.ts';
import { type Place, START, type Stretch } from './collection-progress.ts';
import { type AheadItem, ReadAhead, type ReadAheadLimits } from './read-ahead.ts';

/** Bounds of gathering for one collection; see docs/limits.md. */
export interface BatchLimits extends ReadAheadLimits {
  /** A cargo with something in it waits no longer than this for more. */
  readonly gatheringMs: number;
}

/** The contents of one cargo. */
export interface GatheredCargo {
  readonly messages: readonly Uint8Array[];
  /** Of plaintext. */
  readonly octets: number;
  /** Of the parcels in it; empty unless the log wants them. */
  readonly keys: readonly ObjectKey[];
  /** The latest expiry of the messages. */
  readonly expiresAt: Date;
  /** The parts of the listing that it covers: one, unless passes were made out of order. */
  readonly stretches: readonly Stretch[];
  /** Frees the memory reserved for it. Call it once the cargo was sent, or will not be. */
  readonly release: () => void;
}

/** Unreadable messages that a collection skips; with more, the store itself is failing. */
const MAX_UNREAD = 16;

/**
 * Gathers messages into cargoes, in order, from what is read ahead.
 *
 * Memory is reserved before a parcel is fetched and held until its cargo is
 * sent. When there is none to be had, a cargo is closed with what is in it, so
 * that nobody waits for memory while keeping others from it.
 *
 * A cargo is closed when it is full, or has something in it and has gathered for
 * {@link BatchLimits.gatheringMs}. Where nothing is ahead, it depends on the {@link ReadAhead}:
 *
 * | state | the cargo |
 * |---|---|
 * | `reading` | waits |
 * | `waiting` | is closed, if there is something in it |
 * | `ended` | is closed; an empty one is the end |
 * | `failed` | fails |
 */
export class CargoBatches {
  readonly #parts: { readonly clock: Clock; readonly log: Log };
  readonly #gatheringMs: number;
  readonly #signal: AbortSignal;
  readonly #ahead: ReadAhead;
  #lastPlace: Place = START;
  #stretches: Stretch[] = [];
  #keys: ObjectKey[] = [];
  /** Why messages were unreadable; they are left for another call. */
  readonly #unread: unknown[] = [];

  /**
   * @param contents - what to gather; read ahead at once
   * @param signal - ends the reading, and frees what was read ahead
   */
  constructor(
    parts: { readonly budget: Reserving; readonly clock: Clock; readonly log: Log },
    contents: AsyncIterable<CargoItem>,
    limits: BatchLimits,
    signal: AbortSignal,
  ) {
    this.#parts = parts;
    this.#gatheringMs = limits.gatheringMs;
    this.#signal = signal;
    this.#ahead = new ReadAhead(parts, contents, limits, signal);
  }

  /**
   * Gathers the next cargo; one call at a time.
   *
   * Skips unreadable messages, which no stretch covers.
   *
   * @param maxOctets - of plaintext; a larger message gets a cargo of its own
   * @returns null if nothing is left
   * @throws what the contents threw, or the signal's reason; once the rest was gathered, why a
   * message could not be read
   */
  async next(maxOctets: number): Promise<GatheredCargo | null> {
    const batch = new CargoBatch(maxOctets);
    const releases: (() => void)[] = [];
    const release = () => releases.splice(0).forEach((each) => void each());
    this.#stretches = [];
    this.#keys = [];
    const time = this.#startGathering();
    try {
      await this.#fill(batch, releases, time);
    } catch (error) {
      release();
      throw error;
    } finally {
      time.stop();
    }
    const { messages, octets, expiresAt } = batch;
    const stretches = this.#stretches;
    const keys = this.#keys;
    if (messages.length === 0 && this.#unread.length > 0) {
      throw this.#unread[0];
    }
    return messages.length === 0 ? null : { messages, octets, keys, expiresAt, stretches, release };
  }

  /** Takes from what was read ahead until the cargo is closed. */
  async #fill(batch: CargoBatch, releases: (() => void)[], time: Gathering): Promise<void> {
    for (;;) {
      const head = await this.#head(batch.messages.length > 0, time);
      if (!head || (head.message && !batch.add(head.message.octets, head.message.expiresAt))) {
        return;
      }
      const { item, release } = this.#ahead.take();
      this.#pass(item);
      if (!head.message) {
        release();
        continue;
      }
      releases.push(release);
      if (item.key !== undefined && this.#parts.log.wants('debug')) {
        this.#keys.push(item.key);
      }
    }
  }

  /**
   * @returns the next item, without a message if that is gone; null if the cargo is to be closed
   */
  async #head(
    hasMessages: boolean,
    time: Gathering,
  ): Promise<{ readonly message: CargoMessage | null } | null> {
    for (;;) {
      this.#signal.throwIfAborted();
      const { head } = this.#ahead;
      if (!head) {
        if (this.#hasNoMore(hasMessages)) {
          return null;
        }
      } else if (head.fetch.name === 'failed') {
        this.#leave(head, head.fetch.error);
        continue;
      } else if (head.fetch.name !== 'fetching') {
        return { message: head.fetch.name === 'gone' ? null : head.fetch.message };
      }
      if (hasMessages && time.isOver) {
        return null;
      }
      await this.#ahead.changed();
    }
  }

  /**
   * Whether to close the cargo, when nothing is ahead.
   *
   * @throws why nothing more can be read, if that is so
   */
  #hasNoMore(hasMessages: boolean): boolean {
    const { state } = this.#ahead;
    if (state.name === 'failed') {
      throw state.error;
    }
    return state.name === 'ended' || (hasMessages && state.name === 'waiting');
  }

  #pass({ place, after }: CargoItem): void {
    const last = this.#stretches.at(-1);
    if (last && last.upTo === this.#lastPlace && after === undefined) {
      this.#stretches[this.#stretches.length - 1] = { after: last.after, upTo: place };
    } else {
      this.#stretches.push({ after: after ?? this.#lastPlace, upTo: place });
    }
    this.#lastPlace = place;
  }

  /** @throws why it was unreadable, if too many are */
  #leave({ item, release }: AheadItem, error: unknown): void {
    this.#ahead.take();
    release();
    // The next stretch starts after this unread item.
    this.#lastPlace = item.place;
    this.#unread.push(error);
    if (this.#unread.length > MAX_UNREAD) {
      throw error;
    }
  }

  #startGathering(): Gathering {
    const time = { isOver: false, stop: () => {} };
    time.stop = this.#parts.clock.schedule(this.#gatheringMs, () => {
      time.isOver = true;
      this.#ahead.notify();
    });
    return time;
  }
}

interface Gathering {
  readonly isOver: boolean;
  stop: () => void;
}
