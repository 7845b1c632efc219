/** Requests of at most this size, in octets, may use what is kept for small ones. */
export const SMALL_OCTETS = 64 * 1024;

interface Share {
  readonly capacity: number;
  held: number;
  /** In the order of their requests. */
  readonly waiters: Set<Waiter>;
}

interface Waiter {
  readonly octets: number;
  readonly grant: (share: Share) => void;
}

/**
 * Bounds the octets that many parties hold in memory together.
 *
 * What is needed now waits for its turn, first come first served; what would
 * merely be useful is had only while nobody waits. A part of the budget may be kept
 * for small requests, so that a few parties who hold much for long, such as peers
 * that read slowly, cannot stop all the others.
 */
export class OctetBudget {
  readonly #common: Share;
  readonly #forSmall: Share;

  /**
   * @param capacity - in octets, at least 1
   * @param options.octetsForSmall - the part of it that is kept for requests of at
   *   most {@link SMALL_OCTETS}; less than `capacity`, none by default
   */
  constructor(capacity: number, { octetsForSmall = 0 }: { octetsForSmall?: number } = {}) {
    this.#common = { capacity: capacity - octetsForSmall, held: 0, waiters: new Set() };
    this.#forSmall = { capacity: octetsForSmall, held: 0, waiters: new Set() };
  }

  get heldOctets(): number {
    return this.#common.held + this.#forSmall.held;
  }

  /**
   * Reserves `octets`, waiting until others give theirs back. A request larger
   * than all that is not kept for small ones counts as all of that, so that it is
   * served when nothing else is held there.
   *
   * @returns gives the reservation back; safe to call twice
   * @throws the signal's reason, if it is aborted first
   */
  async acquire(octets: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const reserved = Math.min(octets, this.#common.capacity);
    const own = this.#isSmall(octets) ? this.#forSmall : this.#common;
    const share = [this.#common, own].find((share) => isFree(share, reserved));
    if (share) {
      return this.#reserve(share, reserved);
    }
    return this.#wait(own, reserved, signal);
  }

  /**
   * Reserves `octets` if there is room and nobody waits.
   *
   * @returns gives the reservation back, safe to call twice; null if it is not to be had now
   */
  tryAcquire(octets: number): (() => void) | null {
    const isContended = this.#forSmall.waiters.size > 0 || !isFree(this.#common, octets);
    return isContended ? null : this.#reserve(this.#common, octets);
  }

  #isSmall(octets: number): boolean {
    return octets <= SMALL_OCTETS && octets <= this.#forSmall.capacity;
  }

  #reserve(share: Share, octets: number): () => void {
    share.held += octets;
    let released = false;
    return () => {
      if (!released) {
        released = true;
        share.held -= octets;
        this.#grantWaiters();
      }
    };
  }

  #wait(share: Share, octets: number, signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        share.waiters.delete(waiter);
        reject(signal.reason);
        this.#grantWaiters();
      };
      const grant = (granted: Share) => {
        share.waiters.delete(waiter);
        signal.removeEventListener('abort', onAbort);
        resolve(this.#reserve(granted, octets));
      };
      const waiter: Waiter = { octets, grant };
      share.waiters.add(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #grantWaiters(): void {
    for (const waiter of this.#common.waiters) {
      if (!hasRoom(this.#common, waiter.octets)) {
        break;
      }
      waiter.grant(this.#common);
    }
    for (const waiter of this.#forSmall.waiters) {
      if (hasRoom(this.#forSmall, waiter.octets)) {
        waiter.grant(this.#forSmall);
      } else if (isFree(this.#common, waiter.octets)) {
        waiter.grant(this.#common);
      } else {
        return;
      }
    }
  }
}

function hasRoom(share: Share, octets: number): boolean {
  return share.held + octets <= share.capacity;
}

function isFree(share: Share, octets: number): boolean {
  return share.waiters.size === 0 && hasRoom(share, octets);
}
