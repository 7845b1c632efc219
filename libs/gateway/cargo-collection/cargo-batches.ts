import { CargoBatch, MAX_MESSAGE_IN_SET_OCTETS } from '#awala/cargo/message-set.ts';
import type { Budget } from '#bounds/budget.ts';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import { traceOf } from '#log/trace.ts';
import type { ObjectKey } from '#object-store/port.ts';
import type { CargoItem, CargoMessage } from './collection-contents.ts';
import { type Place, START, type Stretch } from './collection-progress.ts';

/** Bounds of reading ahead for one collection; see docs/limits.md. */
export interface BatchLimits {
  /** Parcels fetched, or being fetched, ahead of the cargo that is gathered. */
  readonly aheadItems: number;
  /** The same in octets; one parcel may always be fetched, whatever its size. */
  readonly aheadOctets: number;
  /** A cargo that has something in it does not wait for more for longer than this. */
  readonly gatheringMs: number;
}

/** What goes into one cargo. */
export interface GatheredCargo {
  readonly messages: readonly Uint8Array[];
  /** Of plaintext. */
  readonly octets: number;
  /** Of the parcels among them; none unless the log wants them. */
  readonly keys: readonly ObjectKey[];
  /** When the last of the messages expires. */
  readonly expiresAt: Date;
  /** The parts of the listing that it covers: one, unless passes were made out of order. */
  readonly stretches: readonly Stretch[];
  /** Gives back the memory reserved for it; to be called once it was sent, or will not be. */
  readonly release: () => void;
}

interface AheadItem {
  readonly item: CargoItem;
  readonly release: () => void;
  /** Undefined until it was fetched. */
  fetched: CargoMessage | null | undefined;
  failure: { readonly error: unknown } | null;
}

/**
 * What an octet of a message takes while its cargo is made and sent: in the
 * parcel or in the frame that goes out, in the cargo, in the gRPC message.
 */
const COPIES = 3;

/** Messages of one collection that may be left since they cannot be read; with more, it is the store that fails. */
const MAX_UNREAD = 16;

/**
 * Gathers messages into cargoes, fetching parcels ahead and in parallel, in
 * order and in bounded memory.
 *
 * Memory is reserved before a parcel is fetched and held until its cargo is
 * sent. When there is none to be had, a cargo is closed with what is in it, so
 * that nobody waits for memory while keeping others from it.
 */
export class CargoBatches {
  readonly #parts: { readonly budget: Budget; readonly clock: Clock; readonly log: Log };
  readonly #limits: BatchLimits;
  readonly #signal: AbortSignal;
  readonly #ahead: AheadItem[] = [];
  #aheadOctets = 0;
  #isWaitingForMemory = false;
  #hasEnded = false;
  #failure: { readonly error: unknown } | null = null;
  #lastPlace: Place = START;
  #stretches: Stretch[] = [];
  #keys: ObjectKey[] = [];
  /** Why something could not be read, and is left for another call. */
  #unread: { readonly error: unknown } | null = null;
  #unreadCount = 0;
  #onChange = () => {};
  #onRoom = () => {};

  /**
   * @param contents - what to gather; read ahead at once
   * @param signal - ends the reading, and gives back what was read ahead
   */
  constructor(
    parts: { readonly budget: Budget; readonly clock: Clock; readonly log: Log },
    contents: AsyncIterable<CargoItem>,
    limits: BatchLimits,
    signal: AbortSignal,
  ) {
    this.#parts = parts;
    this.#limits = limits;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#abandon(), { once: true });
    void this.#readAhead(contents);
  }

  /**
   * Gathers the next cargo. To be called again only once this is done.
   *
   * Goes on behind a message that cannot be read, which no stretch covers.
   *
   * @param maxOctets - of plaintext; a larger message makes a cargo of its own
   * @returns null if nothing is left
   * @throws what the contents threw, or the signal's reason; once the rest was gathered, why a
   *   message could not be read
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
    if (messages.length === 0 && this.#unread) {
      throw this.#unread.error;
    }
    return messages.length === 0 ? null : { messages, octets, keys, expiresAt, stretches, release };
  }

  /** Takes from what was read ahead until the cargo is to be closed. */
  async #fill(batch: CargoBatch, releases: (() => void)[], time: Gathering): Promise<void> {
    for (;;) {
      const message = await this.#head(batch.messages.length > 0, time);
      if (message === undefined || (message && !batch.add(message.octets, message.expiresAt))) {
        return;
      }
      const key = this.#ahead[0]?.item.key;
      const release = this.#takeHead();
      if (message) {
        if (key !== undefined && this.#parts.log.wants('debug')) {
          this.#keys.push(key);
        }
        releases.push(release);
      } else {
        release();
      }
    }
  }

  /** @returns undefined if the cargo shall be closed; null for something to be skipped */
  async #head(hasMessages: boolean, time: Gathering): Promise<CargoMessage | null | undefined> {
    for (;;) {
      this.#throwIfOver();
      const [head] = this.#ahead;
      if (head?.failure) {
        this.#leave(head, head.failure);
        continue;
      }
      if (head?.fetched !== undefined) {
        return head.fetched;
      }
      const hasNoMore = head === undefined && (this.#hasEnded || this.#isWaitingForMemory);
      if (hasMessages ? time.isOver || hasNoMore : !head && this.#hasEnded) {
        return undefined;
      }
      await this.#changed();
    }
  }

  #takeHead(): () => void {
    const head = this.#removeHead();
    this.#pass(head.item);
    return head.release;
  }

  #removeHead(): AheadItem {
    const head = this.#ahead.shift();
    if (!head) {
      throw new Error('nothing was read ahead');
    }
    this.#aheadOctets -= head.item.sizeOctets;
    this.#onRoom();
    return head;
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

  /** @throws why it could not be read, if that is so for too many */
  #leave({ item, release }: AheadItem, failure: { readonly error: unknown }): void {
    this.#removeHead();
    release();
    // The next stretch starts after this unread item.
    this.#lastPlace = item.place;
    this.#unread ??= failure;
    this.#unreadCount += 1;
    if (this.#unreadCount > MAX_UNREAD) {
      throw failure.error;
    }
  }

  async #readAhead(contents: AsyncIterable<CargoItem>): Promise<void> {
    let skippedAfter: Place | undefined;
    try {
      for await (const each of contents) {
        await this.#room();
        this.#signal.throwIfAborted();
        const after = each.after ?? skippedAfter;
        const item = after === undefined ? each : { ...each, after };
        if (item.sizeOctets > MAX_MESSAGE_IN_SET_OCTETS) {
          const { key = '', sizeOctets: octets } = item;
          const fields = { trace: traceOf(key), octets };
          this.#parts.log.warn(fields, 'a message is too large for any cargo');
          skippedAfter = after;
          continue;
        }
        skippedAfter = undefined;
        const release = await this.#reserve(item);
        this.#ahead.push(this.#fetch(item, release));
        this.#aheadOctets += item.sizeOctets;
        this.#onChange();
      }
      this.#hasEnded = true;
    } catch (error) {
      this.#failure = { error };
    }
    if (this.#signal.aborted) {
      this.#abandon();
    }
    this.#onChange();
  }

  async #room(): Promise<void> {
    const { aheadItems, aheadOctets } = this.#limits;
    while (
      !this.#signal.aborted &&
      this.#ahead.length > 0 &&
      (this.#ahead.length >= aheadItems || this.#aheadOctets >= aheadOctets)
    ) {
      await new Promise<void>((resolve) => {
        this.#onRoom = resolve;
      });
    }
  }

  async #reserve(item: CargoItem): Promise<() => void> {
    const octets = item.sizeOctets * COPIES;
    const release = this.#parts.budget.tryAcquire(octets);
    if (release) {
      return release;
    }
    const waiting = setImmediate(() => {
      this.#isWaitingForMemory = true;
      this.#onChange();
    });
    try {
      return await this.#parts.budget.acquire(octets, this.#signal);
    } finally {
      clearImmediate(waiting);
      this.#isWaitingForMemory = false;
    }
  }

  #fetch(item: CargoItem, release: () => void): AheadItem {
    const ahead: AheadItem = { item, release, fetched: undefined, failure: null };
    item.read().then(
      (fetched) => {
        ahead.fetched = fetched;
        this.#onChange();
      },
      (error: unknown) => {
        ahead.failure = { error };
        this.#onChange();
      },
    );
    return ahead;
  }

  #startGathering(): Gathering {
    const time = { isOver: false, stop: () => {} };
    time.stop = this.#parts.clock.schedule(this.#limits.gatheringMs, () => {
      time.isOver = true;
      this.#onChange();
    });
    return time;
  }

  /** A race with promises that last longer would leave something behind in them each time. */
  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange = resolve;
    });
  }

  #throwIfOver(): void {
    this.#signal.throwIfAborted();
    if (this.#failure && this.#ahead.length === 0) {
      throw this.#failure.error;
    }
  }

  #abandon(): void {
    for (const { release } of this.#ahead.splice(0)) {
      release();
    }
    this.#aheadOctets = 0;
    this.#onRoom();
    this.#onChange();
  }
}

interface Gathering {
  readonly isOver: boolean;
  stop: () => void;
}
