import type { Who } from './fair-shares.ts';
import { Turns } from './turns.ts';

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
  /** Called whenever a request has to wait. */
  readonly onWait?: () => void;
}

/** A request that waits. */
export interface WaitingRequest {
  readonly amount: number;
  /** In whose turn it waits. */
  readonly who: Who;
}

/**
 * Releases a reservation, except for `keep` of it: 0 by default. Another call releases what was
 * kept. Safe to call twice.
 */
export type Release = (keep?: number) => void;

/** Reserves parts of a {@link Budget}. */
export type Reserving = Pick<Budget, 'acquire' | 'tryAcquire'>;

interface Portion {
  readonly capacity: number;
  held: number;
  readonly waiters: Turns<Waiter>;
}

interface Waiter extends WaitingRequest {
  readonly grant: (portion: Portion) => void;
}

/**
 * Bounds what many parties hold together: octets of memory, or calls under way.
 *
 * At the bound {@link acquire} waits for its turn, first come first served among those of the same
 * names, and these by turns, and {@link tryAcquire} fails; it also fails while anyone waits. A part
 * may be kept for small requests, so that a few parties who hold much for long, such as peers that
 * read slowly, cannot stop all the others.
 */
export class Budget {
  readonly #common: Portion;
  readonly #forSmall: Portion;
  readonly #options: BudgetOptions;

  /** @param capacity - at least 1 */
  constructor(capacity: number, options: BudgetOptions = {}) {
    const { forSmall = 0 } = options;
    this.#common = { capacity: capacity - forSmall, held: 0, waiters: new Turns() };
    this.#forSmall = { capacity: forSmall, held: 0, waiters: new Turns() };
    this.#options = options;
  }

  get held(): number {
    return this.#common.held + this.#forSmall.held;
  }

  /** A request that waits, the next to be granted of its size; undefined if none does. */
  get firstWaiting(): WaitingRequest | undefined {
    return this.#common.waiters.next ?? this.#forSmall.waiters.next;
  }

  /**
   * Reserves `amount`, waiting until others release theirs. A request larger than all that is not
   * kept for small ones counts as all of that, and so is served when nothing else is held there.
   *
   * @param who - in whose turn it waits
   * @throws the signal's reason, if it is aborted first
   * @throws the error for too many, at once, if the queue is full
   */
  async acquire(amount: number, signal?: AbortSignal, who: Who = []): Promise<Release> {
    signal?.throwIfAborted();
    const reserved = Math.min(amount, this.#common.capacity);
    const own = this.#isSmall(amount) ? this.#forSmall : this.#common;
    const portion = [this.#common, own].find((portion) => isFree(portion, reserved));
    if (portion) {
      return this.#reserve(portion, reserved);
    }
    const { waiting } = this.#options;
    if (waiting && this.#common.waiters.size + this.#forSmall.waiters.size >= waiting.max) {
      throw waiting.tooMany();
    }
    return this.#wait(own, { amount: reserved, who }, signal);
  }

  /** Reserves `amount` if there is room and nobody waits; null otherwise. */
  tryAcquire(amount: number): Release | null {
    const isContended = this.#forSmall.waiters.size > 0 || !isFree(this.#common, amount);
    return isContended ? null : this.#reserve(this.#common, amount);
  }

  #isSmall(amount: number): boolean {
    return amount <= SMALL_OCTETS && amount <= this.#forSmall.capacity;
  }

  #reserve(portion: Portion, amount: number): Release {
    portion.held += amount;
    let kept = amount;
    return (keep = 0) => {
      if (keep < kept) {
        portion.held -= kept - keep;
        kept = keep;
        this.#grantWaiters();
      }
    };
  }

  #wait(portion: Portion, request: WaitingRequest, signal?: AbortSignal): Promise<Release> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        portion.waiters.delete(waiter);
        reject(signal?.reason);
        this.#grantWaiters();
      };
      const grant = (granted: Portion) => {
        portion.waiters.served(waiter);
        signal?.removeEventListener('abort', onAbort);
        resolve(this.#reserve(granted, request.amount));
      };
      const waiter: Waiter = { ...request, grant };
      portion.waiters.add(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#options.onWait?.();
    });
  }

  #grantWaiters(): void {
    const common = this.#common;
    const small = this.#forSmall;
    for (let next = common.waiters.next; next; next = common.waiters.next) {
      if (!hasRoom(common, next.amount)) {
        break;
      }
      next.grant(common);
    }
    for (let next = small.waiters.next; next; next = small.waiters.next) {
      if (hasRoom(small, next.amount)) {
        next.grant(small);
      } else if (isFree(common, next.amount)) {
        next.grant(common);
      } else {
        return;
      }
    }
  }
}

function hasRoom(portion: Portion, amount: number): boolean {
  return portion.held + amount <= portion.capacity;
}

function isFree(portion: Portion, amount: number): boolean {
  return portion.waiters.size === 0 && hasRoom(portion, amount);
}
