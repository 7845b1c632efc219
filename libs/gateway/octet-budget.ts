interface Waiter {
  readonly octets: number;
  readonly grant: () => void;
}

/**
 * Bounds the octets that many parties hold in memory together, first come first
 * served. A request larger than the whole budget counts as the whole budget, so
 * that it is served when nothing else is held.
 */
export class OctetBudget {
  readonly #capacity: number;
  #held = 0;
  readonly #waiters = new Set<Waiter>();

  /** @param capacity - in octets, at least 1 */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get heldOctets(): number {
    return this.#held;
  }

  /**
   * Reserves `octets`, waiting until others give theirs back.
   *
   * @returns gives the reservation back, but for `keptOctets` until it is called again
   * @throws the signal's reason, if it is aborted first
   */
  async acquire(octets: number, signal: AbortSignal): Promise<(keptOctets?: number) => void> {
    signal.throwIfAborted();
    const reserved = Math.min(octets, this.#capacity);
    if (this.#waiters.size > 0 || this.#held + reserved > this.#capacity) {
      await this.#wait(reserved, signal);
    } else {
      this.#held += reserved;
    }
    let kept = reserved;
    return (keptOctets = 0) => {
      const next = Math.min(keptOctets, kept);
      this.#held -= kept - next;
      kept = next;
      this.#grantWaiters();
    };
  }

  #wait(octets: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiters.delete(waiter);
        reject(signal.reason);
        this.#grantWaiters();
      };
      const grant = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const waiter: Waiter = { octets, grant };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #grantWaiters(): void {
    for (const waiter of this.#waiters) {
      if (this.#held + waiter.octets > this.#capacity) {
        return;
      }
      this.#waiters.delete(waiter);
      this.#held += waiter.octets;
      waiter.grant();
    }
  }
}
