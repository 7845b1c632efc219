interface Waiter {
  readonly grant: () => void;
}

/** Memory set aside for a parcel. */
export interface ParcelReservation {
  /** Gives back what the parcel does not take, now that its size is known. */
  shrinkTo(octets: number): void;
  /** Gives back the rest; safe to call twice. */
  release(): void;
}

/**
 * Bounds the octets of the parcels in memory, when how large one is will be known
 * only once it is there: each reserves the most that it may take, then gives back
 * the difference. First come, first served.
 */
export class ParcelBudget {
  readonly #capacity: number;
  readonly #largest: number;
  #held = 0;
  readonly #waiters = new Set<Waiter>();

  /**
   * @param capacity - in octets; one parcel is let in even if it is less than `largest`
   * @param largest - the most that a parcel may take, in octets
   */
  constructor(capacity: number, largest: number) {
    this.#capacity = Math.max(capacity, largest);
    this.#largest = largest;
  }

  get heldOctets(): number {
    return this.#held;
  }

  /** @throws the signal's reason, if it is aborted first */
  async reserve(signal: AbortSignal): Promise<ParcelReservation> {
    signal.throwIfAborted();
    if (this.#waiters.size > 0 || !this.#hasRoom()) {
      await this.#wait(signal);
    } else {
      this.#held += this.#largest;
    }
    let kept = this.#largest;
    const shrinkTo = (octets: number) => {
      const next = Math.min(octets, kept);
      this.#held -= kept - next;
      kept = next;
      this.#grantWaiters();
    };
    return { shrinkTo, release: () => shrinkTo(0) };
  }

  #hasRoom(): boolean {
    return this.#held + this.#largest <= this.#capacity;
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiters.delete(waiter);
        reject(signal.reason);
      };
      const grant = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const waiter: Waiter = { grant };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #grantWaiters(): void {
    for (const waiter of this.#waiters) {
      if (!this.#hasRoom()) {
        return;
      }
      this.#waiters.delete(waiter);
      this.#held += this.#largest;
      waiter.grant();
    }
  }
}
