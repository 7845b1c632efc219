import { type Backoff, pauseAfter } from '#bounds/backoff.ts';
import type { Budget } from '#bounds/budget.ts';
import type { Who } from '#bounds/fair-shares.ts';
import type { Log } from '#log/log.ts';
import { logStep } from '#log/steps.ts';
import type { StoredObject } from '#object-store/port.ts';
import { type ExpiryParts, hasSurelyExpired, isExpired } from '../held/expiry.ts';
import type { HeldParcel, Mailbox, StoredParcel } from '../held/mailbox.ts';
import { type CollectionPatience, callDeadlineMs } from './collection-patience.ts';
import type { CollectionQueue } from './collection-queue.ts';

/** Unreadable parcels that await a retry; beyond this, nothing more is read. */
const MAX_UNREADABLE = 256;
/**
 * A body that comes later, as after a pause of the signals, is not taken: the parcel may have been
 * collected and acknowledged meanwhile, and would be delivered again.
 */
const FRESH_MS = 250;
/** Pause after a failure before something else is read, doubled each time. */
const RESTS: Backoff = { firstMs: 250, maxMs: 4_000, jitter: 0 };

/** A parcel whose body is in memory. */
interface FetchedParcel {
  readonly parcel: StoredParcel;
  readonly body: Uint8Array;
  /** Frees the body. Call it once. */
  readonly release: () => void;
}

interface FetchAheadParts extends ExpiryParts {
  readonly queue: CollectionQueue;
  readonly mailbox: Mailbox;
  readonly log: Log;
  readonly patience: CollectionPatience;
  readonly budget: Budget;
  /** In whose turn it waits for that. */
  readonly turn: Who;
  readonly limits: { readonly aheadParcels: number; readonly aheadOctets: number };
  /** Whether a parcel would be sent at once. */
  readonly maySend: () => boolean;
  /** Something was fetched, or turned out to be missing. */
  readonly onChange: () => void;
  readonly onFailure: (error: unknown) => void;
  /** Ends all waiting; what is fetched afterwards is dropped. */
  readonly signal: AbortSignal;
}

/**
 * Fetches the bodies of queued parcels before they can be sent, several at a time, to hide the
 * latency of fetching. Bounded in number and, except for the last one, in octets. All octets are
 * reserved first; only a parcel that could be sent at once waits for memory.
 *
 * An unreadable parcel goes to the back of the queue after a pause. While nothing can be read, one
 * parcel at a time is tried.
 */
export class FetchAhead {
  readonly #parts: FetchAheadParts;
  readonly #fetched: FetchedParcel[] = [];
  #fetching = 0;
  /** Octets reserved: in fetching, fetched, or taken and not released. */
  #octets = 0;
  #isStalled = false;
  /** Failed reads per parcel; null before the first. */
  #failures: WeakMap<HeldParcel, number> | null = null;
  /** Parcels that await a retry. */
  #unreadable = 0;
  #failuresInARow = 0;
  #restingUntilMs = 0;
  #cancelRest: (() => void) | null = null;

  constructor(parts: FetchAheadParts) {
    this.#parts = parts;
  }

  /** Whether nothing is fetched or awaits a retry; parcels taken do not count. */
  get isIdle(): boolean {
    return this.#count === 0 && this.#unreadable === 0;
  }

  get #count(): number {
    return this.#fetching + this.#fetched.length;
  }

  /** Starts the fetches that are allowed now, and drops what has expired meanwhile. */
  fill(): void {
    const { queue } = this.#parts;
    this.#skipExpired();
    while (this.#mayFetch()) {
      const parcel = queue.take();
      if (!parcel) {
        return;
      }
      if (hasSurelyExpired(parcel, this.#parts)) {
        logStep(this.#parts.log, 'skipped', parcel.key);
        queue.finish(parcel);
      } else if (!this.#startFetching(parcel)) {
        queue.putBack(parcel);
        return;
      }
    }
  }

  /**
   * Takes a parcel whose body came with its signal, as if it had been fetched.
   *
   * @returns false if it is not its turn, or there is no memory for it: the body is then dropped
   */
  offer(parcel: StoredParcel, body: Uint8Array): boolean {
    const { queue, budget, signal, onChange } = this.#parts;
    const isLate = this.#ageMs(parcel) > FRESH_MS;
    if (signal.aborted || isLate || !this.#mayFetch() || isExpired(parcel, this.#parts)) {
      return false;
    }
    const giveBack = budget.tryAcquire(parcel.sizeOctets);
    if (!giveBack || !queue.begin(parcel)) {
      giveBack?.();
      return false;
    }
    this.#octets += parcel.sizeOctets;
    const release = () => {
      this.#octets -= parcel.sizeOctets;
      giveBack();
    };
    this.#fetched.push({ parcel, body, release });
    onChange();
    return true;
  }

  /** How long ago it was stored, or how far the clock of whoever stored it is off. */
  #ageMs({ storedAt }: StoredParcel): number {
    return Math.abs(this.#parts.clock.now().getTime() - storedAt.getTime());
  }

  /** The next parcel to send; the caller releases it. */
  take(): FetchedParcel | undefined {
    return this.#fetched.shift();
  }

  /** Drops what was fetched: a peer that does not acknowledge must not keep memory from others. */
  stall(): void {
    this.#isStalled = true;
    for (const { parcel, release } of this.#fetched.splice(0).reverse()) {
      release();
      this.#parts.queue.putBack(parcel);
    }
  }

  resume(): void {
    this.#isStalled = false;
  }

  /** Drops everything; the signal must have been aborted. */
  close(): void {
    this.#cancelRest?.();
    for (const { release } of this.#fetched.splice(0)) {
      release();
    }
  }

  #mayFetch(): boolean {
    if (this.#isHeldBack()) {
      return false;
    }
    if (this.#count === 0) {
      return !this.#isStalled || this.#parts.maySend();
    }
    const { aheadParcels, aheadOctets } = this.#parts.limits;
    return !this.#isStalled && this.#count < aheadParcels && this.#octets < aheadOctets;
  }

  /** While a backing service only fails, asks it for one thing at a time, and rarely. */
  #isHeldBack(): boolean {
    const isResting = this.#parts.clock.elapsedMs() < this.#restingUntilMs;
    const isFailing = this.#failuresInARow > 0 && (isResting || this.#fetching > 0);
    return isFailing || this.#unreadable >= MAX_UNREADABLE;
  }

  /** @returns false if there is no memory for a parcel that could not be sent at once */
  #startFetching(parcel: HeldParcel): boolean {
    const { budget, turn, maySend, signal } = this.#parts;
    const isNeeded = this.#count === 0 && maySend();
    const reservation =
      budget.tryAcquire(parcel.sizeOctets) ??
      (isNeeded ? budget.acquire(parcel.sizeOctets, signal, turn) : null);
    if (reservation) {
      void this.#fetch(parcel, reservation);
    }
    return reservation !== null;
  }

  async #fetch(parcel: HeldParcel, reservation: (() => void) | Promise<() => void>): Promise<void> {
    this.#fetching += 1;
    this.#octets += parcel.sizeOctets;
    let giveBack = () => {};
    const release = () => {
      this.#octets -= parcel.sizeOctets;
      giveBack();
    };
    let stored: StoredObject | null;
    try {
      giveBack = await reservation;
      const deadlineMs = callDeadlineMs(this.#attemptsAt(parcel) + 1);
      stored = await this.#parts.mailbox.fetch(parcel, { deadlineMs });
    } catch (error) {
      this.#fetching -= 1;
      release();
      await this.#tryLater(parcel, error);
      return;
    }
    this.#fetching -= 1;
    this.#failuresInARow = 0;
    this.#parts.patience.succeeded();
    this.#onFetched(parcel, stored, release);
  }

  #attemptsAt(parcel: HeldParcel): number {
    return this.#failures?.get(parcel) ?? 0;
  }

  async #tryLater(parcel: HeldParcel, error: unknown): Promise<void> {
    const { queue, patience, signal, onChange, onFailure } = this.#parts;
    if (signal.aborted) {
      return;
    }
    const attempts = this.#attemptsAt(parcel) + 1;
    this.#failures ??= new WeakMap();
    this.#failures.set(parcel, attempts);
    this.#unreadable += 1;
    this.#rest();
    try {
      await patience.afterFailure('read', error, attempts);
    } catch (cause) {
      if (!signal.aborted) {
        onFailure(cause);
      }
      return;
    } finally {
      this.#unreadable -= 1;
    }
    queue.moveToBack(parcel);
    onChange();
  }

  #rest(): void {
    const { clock, onChange } = this.#parts;
    this.#failuresInARow += 1;
    const restMs = pauseAfter(this.#failuresInARow, RESTS);
    this.#restingUntilMs = clock.elapsedMs() + restMs;
    this.#cancelRest?.();
    this.#cancelRest = clock.schedule(restMs, onChange);
  }

  #onFetched(listed: HeldParcel, stored: StoredObject | null, release: () => void): void {
    const { queue, signal, onChange } = this.#parts;
    if (!stored || signal.aborted) {
      release();
      queue.finish(listed);
    } else {
      const { body } = stored;
      const parcel = asStored(listed, stored);
      if (this.#mayKeep(listed, body)) {
        queue.fetched(parcel);
        this.#fetched.push({ parcel, body, release });
      } else {
        release();
        queue.putBack(parcel);
      }
    }
    onChange();
  }

  /** Drops bodies larger than reserved, and all bodies of a stalled peer. */
  #mayKeep(listed: HeldParcel, body: Uint8Array): boolean {
    const isReserved = body.byteLength <= listed.sizeOctets;
    return isReserved && (!this.#isStalled || this.#parts.maySend());
  }

  #skipExpired(): void {
    const parts = this.#parts;
    for (
      let [next] = this.#fetched;
      next && isExpired(next.parcel, parts);
      [next] = this.#fetched
    ) {
      this.#fetched.shift();
      next.release();
      logStep(parts.log, 'skipped', next.parcel.key);
      parts.queue.finish(next.parcel);
    }
  }
}

/**
 * What was fetched for a listed parcel. It keeps the token only if it cannot be of an older
 * generation than the entry that the token names: that entry would be missing later.
 */
function asStored(listed: HeldParcel, { body, generation, expiresAt }: StoredObject): StoredParcel {
  const isOfEntry =
    listed.generation === null ? listed.isSettled : listed.generation === generation;
  return {
    ...listed,
    generation,
    token: isOfEntry ? listed.token : null,
    expiresAt,
    sizeOctets: body.byteLength,
  };
}
