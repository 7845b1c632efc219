/** Largest request, in octets, that may use what is kept for small ones. */
export const SMALL_OCTETS = 64 * 1024;

interface BudgetOptions {
  /**
   * The part of the capacity that is kept for requests of at most {@link SMALL_OCTETS}; less than
   * the capacity.
   *
   * @default 0
   */
  readonly forSmall?: number;
  /** How many requests may wait, and the error for one more. Any number by default. */
  readonly waiting?: { readonly max: number; readonly tooMany: () => Error };
}

/**
 * Releases a reservation, except for `keep` of it: 0 by default. Another call releases what was
 * kept. Safe to call twice.
 */
export type Release = (keep?: number) => void;

/** Reserves parts of a {@link Budget}. */
export type Reserving = Pick<Budget, 'acquire' | 'tryAcquire'>;

interface Share {
  readonly capacity: number;
  held: number;
  /** In order of request. */
  readonly waiters: Set<Waiter>;
}

interface Waiter {
  readonly amount: number;
  readonly grant: (share: Share) => void;
}

/**
 * Bounds what many parties hold together: octets of memory, or calls under way.
 *
 * At the bound {@link acquire} waits for its turn, first come first served, and {@link tryAcquire}
 * fails; it also fails while anyone waits. A part may be kept for small requests, so that a few
 * parties who hold much for long, such as peers that read slowly, cannot stop all the others.
 */
export class Budget {
  readonly #common: Share;
  readonly #forSmall: Share;
  readonly #waiting: BudgetOptions['waiting'];

  /** @param capacity - at least 1 */
  constructor(capacity: number, { forSmall = 0, waiting }: BudgetOptions = {}) {
    this.#common = { capacity: capacity - forSmall, held: 0, waiters: new Set() };
    this.#forSmall = { capacity: forSmall, held: 0, waiters: new Set() };
    this.#waiting = waiting;
  }

  get held(): number {
    return this.#common.held + this.#forSmall.held;
  }

  /**
   * Reserves `amount`, waiting until others release theirs. A request larger than all that is not
   * kept for small ones counts as all of that, and so is served when nothing else is held there.
   *
   * @throws the signal's reason, if it is aborted first
   * @throws the error for too many, at once, if the queue is full
   */
  async acquire(amount: number, signal?: AbortSignal): Promise<Release> {
    signal?.throwIfAborted();
    const reserved = Math.min(amount, this.#common.capacity);
    const own = this.#isSmall(amount) ? this.#forSmall : this.#common;
    const share = [this.#common, own].find((share) => isFree(share, reserved));
    if (share) {
      return this.#reserve(share, reserved);
    }
    if (
      this.#waiting &&
      this.#common.waiters.size + this.#forSmall.waiters.size >= this.#waiting.max
    ) {
      throw this.#waiting.tooMany();
    }
    return this.#wait(own, reserved, signal);
  }

  /** Reserves `amount` if there is room and nobody waits; null otherwise. */
  tryAcquire(amount: number): Release | null {
    const isContended = this.#forSmall.waiters.size > 0 || !isFree(this.#common, amount);
    return isContended ? null : this.#reserve(this.#common, amount);
  }

  #isSmall(amount: number): boolean {
    return amount <= SMALL_OCTETS && amount <= this.#forSmall.capacity;
  }

  #reserve(share: Share, amount: number): Release {
    share.held += amount;
    let kept = amount;
    return (keep = 0) => {
      if (keep < kept) {
        share.held -= kept - keep;
        kept = keep;
        this.#grantWaiters();
      }
    };
  }

  #wait(share: Share, amount: number, signal?: AbortSignal): Promise<Release> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        share.waiters.delete(waiter);
        reject(signal?.reason);
        this.#grantWaiters();
      };
      const grant = (granted: Share) => {
        share.waiters.delete(waiter);
        signal?.removeEventListener('abort', onAbort);
        resolve(this.#reserve(granted, amount));
      };
      const waiter: Waiter = { amount, grant };
      share.waiters.add(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  #grantWaiters(): void {
    for (const waiter of this.#common.waiters) {
      if (!hasRoom(this.#common, waiter.amount)) {
        break;
      }
      waiter.grant(this.#common);
    }
    for (const waiter of this.#forSmall.waiters) {
      if (hasRoom(this.#forSmall, waiter.amount)) {
        waiter.grant(this.#forSmall);
      } else if (isFree(this.#common, waiter.amount)) {
        waiter.grant(this.#common);
      } else {
        return;
      }
    }
  }
}

function hasRoom(share: Share, amount: number): boolean {
  return share.held + amount <= share.capacity;
}

function isFree(share: Share, amount: number): boolean {
  return share.waiters.size === 0 && hasRoom(share, amount);
}
