import type { NodeId } from '#awala/node-id.ts';
import type { ObjectKey } from '#object-store/port.ts';
import type { HeldParcel, Mailbox } from '../held/mailbox.ts';
import { type CollectionPatience, callDeadlineMs } from './collection-patience.ts';

/** Arrivals remembered by their signal; past this, the next listing finds them. */
const MAX_ARRIVALS = 1_000;
/** Entries read from the listing ahead of what is being fetched. */
const MAX_LISTED = 256;

/**
 * What is still to be fetched for one collection, in bounded memory: arrivals
 * told by signals, and the listing, which is read no faster than it is used.
 *
 * A key that is in progress (taken and not finished) is not given out again: a
 * newer generation of it waits until the older one is finished, so that an
 * acknowledgement and a replacement cannot be confused.
 */
export class CollectionQueue {
  readonly #list: (signal: AbortSignal) => AsyncIterable<HeldParcel>;
  readonly #onChange: () => void;
  readonly #onFailure: (error: unknown) => void;
  readonly #signal: AbortSignal;

  readonly #arrivals: HeldParcel[] = [];
  readonly #listed: HeldParcel[] = [];
  /** Keys in progress, each with the generation that came up meanwhile. */
  readonly #inProgress = new Map<ObjectKey, { generation: string; newer: HeldParcel | null }>();
  #listedIsNext = false;
  #isListing = false;
  #listAgain = false;
  #roomMade: (() => void) | null = null;

  constructor(parts: {
    readonly list: (signal: AbortSignal) => AsyncIterable<HeldParcel>;
    /** There may be something to take, or the listing ended. */
    readonly onChange: () => void;
    readonly onFailure: (error: unknown) => void;
    /** Ends the listing under way, and keeps others from starting. */
    readonly signal: AbortSignal;
  }) {
    this.#list = parts.list;
    this.#onChange = parts.onChange;
    this.#onFailure = parts.onFailure;
    this.#signal = parts.signal;
  }

  /** True when nothing is left to take and no listing is under way. */
  get isIdle(): boolean {
    return !this.#isListing && this.#arrivals.length === 0 && this.#listed.length === 0;
  }

  arrived(parcel: HeldParcel): void {
    if (this.#arrivals.length < MAX_ARRIVALS) {
      this.#arrivals.push(parcel);
    } else {
      this.relist();
    }
    this.#onChange();
  }

  /** Lists everything once more: now, or when the listing under way has ended. */
  relist(): void {
    this.#listAgain = true;
    if (!this.#isListing && !this.#signal.aborted) {
      this.#isListing = true;
      void this.#readListings();
    }
  }

  /** The next parcel to fetch, or null; it is in progress until {@link finish} or {@link putBack}. */
  take(): HeldParcel | null {
    for (;;) {
      const parcel = this.#shift();
      if (!parcel) {
        return null;
      }
      const current = this.#inProgress.get(parcel.key);
      if (!current) {
        this.#inProgress.set(parcel.key, { generation: parcel.generation, newer: null });
        return parcel;
      }
      // Generations have no order, and the fetch reads whatever is stored by then: of
      // several, the one that lasts longest keeps it from being skipped as expired.
      if (
        current.generation !== parcel.generation &&
        (!current.newer || current.newer.expiresAt <= parcel.expiresAt)
      ) {
        current.newer = parcel;
      }
    }
  }

  /** The parcel was deleted, or was not there; what replaced it meanwhile is next. */
  finish(parcel: HeldParcel): void {
    const newer = this.#inProgress.get(parcel.key)?.newer;
    this.#inProgress.delete(parcel.key);
    if (newer) {
      this.#arrivals.unshift(newer);
    }
  }

  /** The parcel was not sent and shall be taken again. */
  putBack(parcel: HeldParcel): void {
    const newer = this.#inProgress.get(parcel.key)?.newer;
    this.#inProgress.delete(parcel.key);
    this.#listed.unshift(parcel, ...(newer ? [newer] : []));
  }

  /** Requeues an unreadable parcel behind all others. */
  moveToBack(parcel: HeldParcel): void {
    const newer = this.#inProgress.get(parcel.key)?.newer;
    this.#inProgress.delete(parcel.key);
    this.#listed.push(newer && newer.expiresAt > parcel.expiresAt ? newer : parcel);
  }

  /** By turns, so that neither a flood of arrivals nor a long backlog holds up the other. */
  #shift(): HeldParcel | undefined {
    this.#listedIsNext = !this.#listedIsNext;
    return this.#listedIsNext
      ? (this.#arrivals.shift() ?? this.#takeListed())
      : (this.#takeListed() ?? this.#arrivals.shift());
  }

  #takeListed(): HeldParcel | undefined {
    const parcel = this.#listed.shift();
    if (this.#roomMade && this.#listed.length < MAX_LISTED / 2) {
      this.#roomMade();
      this.#roomMade = null;
    }
    return parcel;
  }

  async #readListings(): Promise<void> {
    try {
      while (this.#listAgain && !this.#signal.aborted) {
        this.#listAgain = false;
        await this.#readListing();
      }
    } catch (error) {
      this.#onFailure(error);
    } finally {
      this.#isListing = false;
      this.#onChange();
    }
  }

  async #readListing(): Promise<void> {
    for await (const parcel of this.#list(this.#signal)) {
      if (this.#signal.aborted) {
        return;
      }
      this.#listed.push(parcel);
      this.#onChange();
      if (this.#listed.length >= MAX_LISTED && !this.#signal.aborted) {
        await this.#waitForRoom();
      }
    }
  }

  #waitForRoom(): Promise<void> {
    return new Promise((resolve) => {
      const onAbort = () => {
        this.#roomMade = null;
        resolve();
      };
      this.#signal.addEventListener('abort', onAbort, { once: true });
      this.#roomMade = () => {
        this.#signal.removeEventListener('abort', onAbort);
        resolve();
      };
    });
  }
}

interface HeldParcelsOptions {
  readonly mailbox: Mailbox;
  readonly privateGateways: readonly NodeId[];
  readonly patience: CollectionPatience;
  readonly signal: AbortSignal;
}

/**
 * Yields what is held for some private gateways, each in ascending order of key.
 * A listing that fails goes on after the last parcel that it gave.
 *
 * @throws as {@link CollectionPatience.afterFailure}
 */
export async function* heldParcels(
  options: HeldParcelsOptions,
): AsyncGenerator<HeldParcel, void, undefined> {
  for (const privateGateway of options.privateGateways) {
    yield* heldFor(privateGateway, options);
  }
}

async function* heldFor(
  privateGateway: NodeId,
  { mailbox, patience, signal }: HeldParcelsOptions,
): AsyncGenerator<HeldParcel, void, undefined> {
  let startAfter: ObjectKey | undefined;
  for (let attempt = 1; ; attempt++) {
    const deadlineMs = callDeadlineMs(attempt);
    const from = { signal, deadlineMs, ...(startAfter !== undefined && { startAfter }) };
    try {
      for await (const parcel of mailbox.list(privateGateway, from)) {
        patience.succeeded();
        attempt = 1;
        startAfter = parcel.key;
        yield parcel;
      }
      patience.succeeded();
      return;
    } catch (error) {
      await patience.afterFailure('list', error, attempt);
    }
  }
}
