import type { Clock } from '#clock/clock.ts';
import type { Budget, Release, Reserving } from './budget.ts';
import type { Who } from './fair-shares.ts';

/** How often who waits looks for somebody who must give way. */
const LOOK_MS = 250;

/** Somebody who holds parts of a budget. */
interface Holder {
  readonly who: Who;
  /** Whether it holds what it does because its peer stands still, rather than that we do. */
  readonly standsStill: () => boolean;
  /** Must soon release all that it holds, and not throw. */
  readonly giveWay: () => void;
}

interface DividedBudgetParts {
  readonly budget: Budget;
  readonly clock: Clock;
  /** Called when somebody gives way. */
  readonly onGivenWay?: () => void;
}

/**
 * A budget whose holders give way to those who wait for it, if they stand still: first one in the
 * network that holds most in that way, and there the one who holds most.
 *
 * Nobody gives way to one who holds more, or stands still as well. Looking costs O(n log n) for all
 * who wait together, and only while somebody does.
 */
export class DividedBudget {
  readonly #parts: DividedBudgetParts;
  readonly #holders = new Set<HeldBudget>();
  /** Reservations that wait. */
  readonly #waiting = new Set<{ readonly asker: HeldBudget }>();
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #cancelLook: (() => void) | null = null;

  constructor(parts: DividedBudgetParts) {
    this.#parts = parts;
  }

  /** @returns what `holder` reserves by, until it is closed */
  open(holder: Holder): HeldBudget {
    const held = new HeldBudget(holder, {
      budget: this.#parts.budget,
      wait: (asker) => this.#wait(asker),
    });
    this.#holders.add(held);
    held.onClosed = () => this.#holders.delete(held);
    return held;
  }

  /** Looks for somebody who must give way until the returned function is called. */
  #wait(asker: HeldBudget): () => void {
    const entry = { asker };
    this.#waiting.add(entry);
    this.#lookSoon();
    return () => {
      this.#waiting.delete(entry);
      if (this.#waiting.size === 0) {
        this.#cancelLook?.();
        this.#cancelLook = null;
      }
    };
  }

  /** What gave way last may not be free before the next look. */
  #lookSoon(): void {
    const { clock } = this.#parts;
    const waitMs = Math.max(this.#lookedAtMs + LOOK_MS - clock.elapsedMs(), 0);
    this.#cancelLook ??= clock.schedule(waitMs, () => {
      this.#cancelLook = null;
      this.#lookedAtMs = clock.elapsedMs();
      this.#lookSoon();
      const asker = this.#leastHolding();
      if (asker) {
        this.#lookFor(asker);
      }
    });
  }

  /** Of those who wait, the one for whom most others may have to give way. */
  #leastHolding(): HeldBudget | null {
    let least: HeldBudget | null = null;
    for (const { asker } of this.#waiting) {
      if ((!least || asker.held < least.held) && !asker.holder.standsStill()) {
        least = asker;
      }
    }
    return least;
  }

  #lookFor(asker: HeldBudget): void {
    const still = [...this.#holders].filter(
      (one) => one !== asker && one.held > asker.held && one.holder.standsStill(),
    );
    const byNetwork = new Map<string, number>();
    for (const { network, held } of still) {
      byNetwork.set(network, (byNetwork.get(network) ?? 0) + held);
    }
    const weight = ({ network }: HeldBudget) => byNetwork.get(network) ?? 0;
    const [first] = still.sort((a, b) => weight(b) - weight(a) || b.held - a.held);
    if (first) {
      this.#holders.delete(first);
      this.#parts.onGivenWay?.();
      first.holder.giveWay();
    }
  }
}

interface HeldBudgetParts {
  readonly budget: Budget;
  readonly wait: (asker: HeldBudget) => () => void;
}

/** What one holder has of a {@link DividedBudget}. */
class HeldBudget implements Reserving {
  readonly holder: Holder;
  readonly network: string;
  held = 0;
  onClosed = () => {};
  readonly #parts: HeldBudgetParts;

  constructor(holder: Holder, parts: HeldBudgetParts) {
    this.holder = holder;
    this.network = holder.who[0] ?? '';
    this.#parts = parts;
  }

  /** As `Budget.acquire`. */
  async acquire(amount: number, signal?: AbortSignal): Promise<Release> {
    const acquired = this.#parts.budget.acquire(amount, signal, this.holder.who);
    const stopWaiting = this.#parts.wait(this);
    try {
      return this.#count(amount, await acquired);
    } finally {
      stopWaiting();
    }
  }

  /** As `Budget.tryAcquire`. */
  tryAcquire(amount: number): Release | null {
    const release = this.#parts.budget.tryAcquire(amount);
    return release && this.#count(amount, release);
  }

  /** Call it once nothing more is reserved; what is held may still be released. */
  close(): void {
    this.onClosed();
  }

  #count(amount: number, release: Release): Release {
    this.held += amount;
    let kept = amount;
    return (keep = 0) => {
      if (keep < kept) {
        this.held -= kept - keep;
        kept = keep;
        release(keep);
      }
    };
  }
}
