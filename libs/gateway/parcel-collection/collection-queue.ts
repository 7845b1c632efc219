import type { NodeId } from '#awala/node-id.ts';
import type { ObjectKey } from '#object-store/port.ts';
import type { HeldParcel, Mailbox, StoredParcel } from '../held/mailbox.ts';
import { type CollectionPatience, callDeadlineMs } from './collection-patience.ts';

/** Arrivals remembered from signals; the next listing finds the rest. */
const MAX_ARRIVALS = 1_000;
/** Generations remembered whose signals may still come, or come again, with their bodies. */
const MAX_REMEMBERED = 64;
/** Digits of a key's hash by which it is remembered. */
const NAME_DIGITS = 16;
/** Entries listed ahead of what is being fetched. */
const MAX_LISTED = 256;

/**
 * What one collection has yet to fetch, in bounded memory: arrivals from signals, and the listing,
 * read no faster than needed.
 *
 * A key in progress (taken and not finished) is not given out again: its newer generation waits
 * until the older is finished, so that an acknowledgement cannot be taken for the wrong one.
 */
export class CollectionQueue {
  readonly #list: (signal: AbortSignal) => AsyncIterable<HeldParcel>;
  readonly #onChange: () => void;
  readonly #onFailure: (error: unknown) => void;
  readonly #signal: AbortSignal;

  readonly #arrivals: HeldParcel[] = [];
  readonly #listed: HeldParcel[] = [];
  /** Keys in progress, each with a newer generation found meanwhile. */
  readonly #inProgress = new Map<ObjectKey, { parcel: HeldParcel; newer: HeldParcel | null }>();
  /** Generations that were in progress lately; the oldest come first. */
  readonly #remembered = new Set<string>();
  #listedIsNext = false;
  #isListing = false;
  #listAgain = false;
  #roomMade: (() => void) | null = null;

  constructor(parts: {
    readonly list: (signal: AbortSignal) => AsyncIterable<HeldParcel>;
    /** Called when there may be something to take, or the listing ended. */
    readonly onChange: () => void;
    readonly onFailure: (error: unknown) => void;
    /** Ends the current listing, and prevents others. */
    readonly signal: AbortSignal;
  }) {
    this.#list = parts.list;
    this.#onChange = parts.onChange;
    this.#onFailure = parts.onFailure;
    this.#signal = parts.signal;
  }

  /** Whether nothing is left to take and no listing is in progress. */
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

  /** Lists everything again, now or after the current listing. */
  relist(): void {
    this.#listAgain = true;
    if (!this.#isListing && !this.#signal.aborted) {
      this.#isListing = true;
      void this.#readListings();
    }
  }

  /** The next parcel to fetch, or null; in progress until {@link finish} or {@link putBack}. */
  take(): HeldParcel | null {
    for (;;) {
      const parcel = this.#shift();
      if (!parcel) {
        return null;
      }
      const current = this.#inProgress.get(parcel.key);
      if (!current) {
        this.#inProgress.set(parcel.key, { parcel, newer: null });
        return parcel;
      }
      // Generations have no order, and fetching reads whatever is stored by then: the latest expiry
      // keeps it from being skipped as expired.
      if (
        !isKnown(parcel, current.parcel) &&
        (!current.newer || current.newer.expiresAt <= parcel.expiresAt)
      ) {
        current.newer = parcel;
      }
    }
  }

  /**
   * Takes a parcel that has just arrived out of turn.
   *
   * @returns false if it is in progress, or was lately
   */
  begin(parcel: StoredParcel): boolean {
    if (this.#inProgress.has(parcel.key) || this.#remembered.has(nameOf(parcel))) {
      return false;
    }
    this.#inProgress.set(parcel.key, { parcel, newer: null });
    this.#remember(parcel);
    return true;
  }

  /** The parcel was fetched, in a generation that is known by now. */
  fetched(parcel: StoredParcel): void {
    const current = this.#inProgress.get(parcel.key);
    if (current) {
      current.parcel = parcel;
      this.#remember(parcel);
      if (current.newer && isKnown(current.newer, parcel)) {
        current.newer = null;
      }
    }
  }

  /** The parcel was deleted or missing; a replacement found meanwhile is next. */
  finish(parcel: HeldParcel): void {
    const newer = this.#inProgress.get(parcel.key)?.newer;
    this.#inProgress.delete(parcel.key);
    if (newer) {
      this.#arrivals.unshift(newer);
    }
  }

  /** The parcel was not sent, and will be taken again. */
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

  #remember(parcel: StoredParcel): void {
    this.#remembered.add(nameOf(parcel));
    if (this.#remembered.size > MAX_REMEMBERED) {
      const [oldest = ''] = this.#remembered;
      this.#remembered.delete(oldest);
    }
  }

  /** Alternates, so that neither a flood of arrivals nor a long backlog blocks the other. */
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

/** Short, as connected phones keep some of them for hours. */
function nameOf({ key, generation }: StoredParcel): string {
  return `${generation} ${key.slice(-NAME_DIGITS)}`;
}

/**
 * Whether a mention of a parcel is of no other generation than the one in progress. A signal for an
 * entry of the index tells more than the entry: the put may have ended since it was read.
 */
function isKnown(mention: HeldParcel, current: HeldParcel): boolean {
  return mention.generation === null
    ? mention.token === current.token
    : mention.generation === current.generation;
}

interface HeldParcelsOptions {
  readonly mailbox: Mailbox;
  readonly privateGateways: readonly NodeId[];
  readonly patience: CollectionPatience;
  readonly signal: AbortSignal;
}

/**
 * Yields what is held for some private gateways, each in ascending order of key. A failed listing
 * resumes after the last parcel it gave.
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
