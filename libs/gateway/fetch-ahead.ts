import type { Clock } from '#clock/clock.ts';
import type { StoredObject } from '#object-store/port.ts';
import type { CollectionQueue } from './collection-queue.ts';
import type { HeldParcel, Mailbox } from './mailbox.ts';
import type { OctetBudget } from './octet-budget.ts';

/** A parcel whose body is in memory. */
export interface FetchedParcel {
  readonly parcel: HeldParcel;
  readonly body: Uint8Array;
  /** The body is not needed any more. To be called once. */
  readonly release: () => void;
}

interface FetchAheadParts {
  readonly queue: CollectionQueue;
  readonly mailbox: Mailbox;
  readonly clock: Clock;
  readonly budget: OctetBudget;
  readonly limits: { readonly aheadParcels: number; readonly aheadOctets: number };
  /** Whether a parcel would be sent at once. */
  readonly maySend: () => boolean;
  /** Something was fetched, or turned out not to be there. */
  readonly onChange: () => void;
  readonly onFailure: (error: unknown) => void;
  /** Ends all waiting; what is fetched afterwards is let go. */
  readonly signal: AbortSignal;
}

/**
 * Fetches the bodies of queued parcels, several at a time, before they can be
 * sent, so that the time a fetch takes does not add up. What is ahead is bounded
 * in number and, but for the last one, in octets. All octets are reserved first;
 * only what could be sent at once waits for that.
 */
export class FetchAhead {
  readonly #parts: FetchAheadParts;
  readonly #fetched: FetchedParcel[] = [];
  #fetching = 0;
  /** Reserved for what is being fetched, is fetched, or was taken and not released. */
  #octets = 0;
  #isStalled = false;

  constructor(parts: FetchAheadParts) {
    this.#parts = parts;
  }

  /** True when nothing is fetched or being fetched; what was taken does not count. */
  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get #count(): number {
    return this.#fetching + this.#fetched.length;
  }

  /** Starts what may be fetched now, and lets go what has expired in the meantime. */
  fill(): void {
    const { queue } = this.#parts;
    this.#skipExpired();
    while (this.#mayFetch()) {
      const parcel = queue.take();
      if (!parcel) {
        return;
      }
      if (this.#isExpired(parcel)) {
        queue.finish(parcel);
      } else if (!this.#startFetching(parcel)) {
        queue.putBack(parcel);
        return;
      }
    }
  }

  /** The next parcel to send, which is the caller's to release. */
  take(): FetchedParcel | undefined {
    return this.#fetched.shift();
  }

  /** Whoever does not acknowledge must not keep memory from those who do. */
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

  /** Lets everything go; the signal must have been aborted. */
  close(): void {
    for (const { release } of this.#fetched.splice(0)) {
      release();
    }
  }

  #mayFetch(): boolean {
    if (this.isEmpty) {
      return !this.#isStalled || this.#parts.maySend();
    }
    const { aheadParcels, aheadOctets } = this.#parts.limits;
    return !this.#isStalled && this.#count < aheadParcels && this.#octets < aheadOctets;
  }

  /** @returns false if there is no memory for what could not be sent at once */
  #startFetching(parcel: HeldParcel): boolean {
    const { budget, maySend, signal } = this.#parts;
    const isNeeded = this.isEmpty && maySend();
    const reservation =
      budget.tryAcquire(parcel.sizeOctets) ??
      (isNeeded ? budget.acquire(parcel.sizeOctets, signal) : null);
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
    try {
      giveBack = await reservation;
      const stored = await this.#parts.mailbox.fetch(parcel);
      this.#fetching -= 1;
      this.#onFetched(parcel, stored, release);
    } catch (error) {
      this.#fetching -= 1;
      release();
      this.#parts.onFailure(error);
    }
  }

  #onFetched(listed: HeldParcel, stored: StoredObject | null, release: () => void): void {
    const { queue, signal, onChange } = this.#parts;
    if (!stored || signal.aborted) {
      release();
      queue.finish(listed);
    } else {
      const { body, generation, expiresAt } = stored;
      const parcel = { ...listed, generation, expiresAt, sizeOctets: body.byteLength };
      if (this.#mayKeep(listed, body)) {
        this.#fetched.push({ parcel, body, release });
      } else {
        release();
        queue.putBack(parcel);
      }
    }
    onChange();
  }

  /** Not what was replaced by something larger than is reserved, and not for a peer that stalls. */
  #mayKeep(listed: HeldParcel, body: Uint8Array): boolean {
    const isReserved = body.byteLength <= listed.sizeOctets;
    return isReserved && (!this.#isStalled || this.#parts.maySend());
  }

  #skipExpired(): void {
    for (let [next] = this.#fetched; next && this.#isExpired(next.parcel); [next] = this.#fetched) {
      this.#fetched.shift();
      next.release();
      this.#parts.queue.finish(next.parcel);
    }
  }

  #isExpired(parcel: HeldParcel): boolean {
    return parcel.expiresAt.getTime() <= this.#parts.clock.now().getTime();
  }
}
