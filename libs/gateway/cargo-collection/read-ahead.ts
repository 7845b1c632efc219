import { MAX_MESSAGE_IN_SET_OCTETS } from '#awala/cargo/message-set.ts';
import type { Reserving } from '#bounds/budget.ts';
import type { Log } from '#log/log.ts';
import { traceOf } from '#log/trace.ts';
import type { CargoItem, CargoMessage } from './collection-contents.ts';
import type { Place } from './collection-progress.ts';

/** Bounds of reading ahead for one collection; see docs/limits.md. */
export interface ReadAheadLimits {
  /** Parcels fetched, or being fetched, ahead of the cargo that is gathered. */
  readonly aheadItems: number;
  /** The same in octets; one parcel of any size may always be fetched. */
  readonly aheadOctets: number;
}

/** The state of reading ahead; see {@link ReadAhead}. */
type Reading =
  | { readonly name: 'reading' }
  | { readonly name: 'waiting' }
  | { readonly name: 'ended' }
  | { readonly name: 'failed'; readonly error: unknown };

/** `gone` if it was deleted or has expired. */
type Fetch =
  | { readonly name: 'fetching' }
  | { readonly name: 'fetched'; readonly message: CargoMessage }
  | { readonly name: 'gone' }
  | { readonly name: 'failed'; readonly error: unknown };

/** A message that was read ahead, with memory reserved for it. */
export interface AheadItem {
  readonly item: CargoItem;
  readonly release: () => void;
  fetch: Fetch;
}

/**
 * Copies of each octet held: in the parcel or the outgoing frame, in the cargo, in the gRPC
 * message.
 */
const COPIES = 3;

/**
 * Reads the messages of one collection ahead, in order, in parallel and in bounded memory, which is
 * reserved before a parcel is fetched.
 *
 * | state | meaning | leaves it for |
 * |---|---|---|
 * | `reading` | the next item is being listed, or there is enough ahead | any other |
 * | `waiting` | the next item needs memory that others hold | `reading` once it is had, or `failed` |
 * | `ended` | everything is ahead, or was taken | |
 * | `failed` | the contents cannot be read any further | |
 *
 * Each item is `fetching`, then `fetched`, `gone` or `failed`.
 */
export class ReadAhead {
  readonly #parts: { readonly budget: Reserving; readonly log: Log };
  readonly #limits: ReadAheadLimits;
  readonly #signal: AbortSignal;
  readonly #items: AheadItem[] = [];
  #octets = 0;
  #state: Reading = { name: 'reading' };
  #onChange = () => {};
  #onRoom = () => {};

  /**
   * @param contents - read at once
   * @param signal - ends the reading, and frees the memory of what was read
   */
  constructor(
    parts: { readonly budget: Reserving; readonly log: Log },
    contents: AsyncIterable<CargoItem>,
    limits: ReadAheadLimits,
    signal: AbortSignal,
  ) {
    this.#parts = parts;
    this.#limits = limits;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#abandon(), { once: true });
    void this.#read(contents);
  }

  get state(): Reading {
    return this.#state;
  }

  /** The first item, which may still be `fetching`. */
  get head(): AheadItem | undefined {
    return this.#items[0];
  }

  /** Takes the first item, with the memory reserved for it. */
  take(): AheadItem {
    const head = this.#items.shift();
    if (!head) {
      throw new Error('nothing was read ahead');
    }
    this.#octets -= head.item.sizeOctets;
    this.#onRoom();
    return head;
  }

  /** Resolves with the next change, or {@link notify}; for one waiter at a time. */
  changed(): Promise<void> {
    // Racing against longer-lived promises would leak a reaction in each of them.
    return new Promise((resolve) => {
      this.#onChange = resolve;
    });
  }

  /** Makes the waiter look again. */
  notify(): void {
    this.#onChange();
  }

  async #read(contents: AsyncIterable<CargoItem>): Promise<void> {
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
          this.#parts.log.warn(fields, 'A message is too large for any cargo');
          skippedAfter = after;
          continue;
        }
        skippedAfter = undefined;
        const release = await this.#reserve(item);
        this.#items.push(this.#fetch(item, release));
        this.#octets += item.sizeOctets;
        this.#onChange();
      }
      this.#state = { name: 'ended' };
    } catch (error) {
      this.#state = { name: 'failed', error };
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
      this.#items.length > 0 &&
      (this.#items.length >= aheadItems || this.#octets >= aheadOctets)
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
      this.#state = { name: 'waiting' };
      this.#onChange();
    });
    try {
      return await this.#parts.budget.acquire(octets, this.#signal);
    } finally {
      clearImmediate(waiting);
      this.#state = { name: 'reading' };
    }
  }

  #fetch(item: CargoItem, release: () => void): AheadItem {
    const ahead: AheadItem = { item, release, fetch: { name: 'fetching' } };
    const end = (fetch: Fetch) => {
      ahead.fetch = fetch;
      this.#onChange();
    };
    item.read().then(
      (message) => end(message ? { name: 'fetched', message } : { name: 'gone' }),
      (error: unknown) => end({ name: 'failed', error }),
    );
    return ahead;
  }

  #abandon(): void {
    for (const { release } of this.#items.splice(0)) {
      release();
    }
    this.#octets = 0;
    this.#onRoom();
    this.#onChange();
  }
}
