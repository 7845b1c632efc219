import type { Clock } from '#clock/clock.ts';
import type { Budget, Release, Reserving } from './budget.ts';
import type { Who } from './fair-shares.ts';

/** How often who waits looks for somebody who must give way. */
const LOOK_MS = 250;
/** Who has held something for less may soon be done. */
const PATIENCE_MS = 2_000;
/** Those who get on leave what they hold to others by themselves, unless that takes them as long. */
const WAITED_MS = 1_000;

/** Somebody who holds parts of a budget. */
interface Holder {
  readonly who: Who;
  /**
   * For how long its peer has not got on, in milliseconds; null while the peer need do nothing, as we
   * are the ones who hold it up.
   */
  readonly stillMs: () => number | null;
  /** Must soon release all that it holds, and not throw. */
  readonly giveWay: () => void;
}

interface DividedBudgetParts {
  readonly budget: Budget;
  readonly clock: Clock;
  /** A peer that has not got on for so long, in milliseconds, stands still. */
  readonly idleMs: number;
  /** Called when somebody gives way; whether not its network held too much. */
  readonly onGivenWay?: (isNarrowest: boolean) => void;
}

/**
 * A budget whose holders give way to those who wait for it, if they stand still: first one in the
 * network that holds most in that way, and there the one who holds most. If none does, and one has
 * waited for a second, the slowest of the network that holds most gives way, if it is one of several
 * there and has held something for two seconds.
 *
 * Nobody gives way to one who holds more, or stands still as well. Looking costs O(n log n) for all
 * who wait together, and only while somebody does.
 */
export class DividedBudget {
  readonly #parts: DividedBudgetParts;
  readonly #holders = new Set<HeldBudget>();
  /** Reservations that wait. */
  readonly #waiting = new Set<Waiting>();
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #cancelLook: (() => void) | null = null;

  constructor(parts: DividedBudgetParts) {
    this.#parts = parts;
  }

  /** @returns what `holder` reserves by, until it is closed */
  open(holder: Holder): HeldBudget {
    const { budget, clock } = this.#parts;
    const held = new HeldBudget(holder, {
      budget,
      clock,
      wait: (asker, amount) => this.#wait(asker, amount),
    });
    this.#holders.add(held);
    held.onClosed = () => this.#holders.delete(held);
    return held;
  }

  /** Looks for somebody who must give way until the returned function is called. */
  #wait(asker: HeldBudget, amount: number): () => void {
    const entry = { asker, amount, sinceMs: this.#parts.clock.elapsedMs() };
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
      const waiting = this.#leastHolding();
      if (waiting) {
        this.#lookFor(waiting);
      }
    });
  }

  /** Of those who wait, the one for whom most others may have to give way. */
  #leastHolding(): Waiting | undefined {
    const byNetwork = heldByNetwork(this.#holders);
    const ofNetwork = ({ asker }: Waiting) => byNetwork.get(asker.network) ?? 0;
    return [...this.#waiting]
      .filter(({ asker }) => !this.#standsStill(asker))
      .sort((a, b) => a.asker.held - b.asker.held || ofNetwork(a) - ofNetwork(b))[0];
  }

  #lookFor(waiting: Waiting): void {
    const still = this.#stillFor(waiting);
    const going = still ?? this.#slowestOver(waiting);
    if (going) {
      this.#holders.delete(going);
      this.#parts.onGivenWay?.(going === still);
      going.holder.giveWay();
    }
  }

  #standsStill({ holder }: HeldBudget): boolean {
    return (holder.stillMs() ?? 0) >= this.#parts.idleMs;
  }

  /** The one who stands still and must give way first. */
  #stillFor({ asker }: Waiting): HeldBudget | undefined {
    const still = [...this.#holders].filter(
      (one) => one !== asker && one.held > asker.held && this.#standsStill(one),
    );
    const byNetwork = heldByNetwork(still);
    const weight = ({ network }: HeldBudget) => byNetwork.get(network) ?? 0;
    return still.sort((a, b) => weight(b) - weight(a) || b.held - a.held)[0];
  }

  /** The slowest of the network that holds most, if that is more than the asker's would. */
  #slowestOver({ asker, amount, sinceMs }: Waiting): HeldBudget | undefined {
    const nowMs = this.#parts.clock.elapsedMs();
    if (nowMs - sinceMs < WAITED_MS) {
      return undefined;
    }
    const byNetwork = heldByNetwork(this.#holders);
    const most = Math.max(...byNetwork.values());
    if (most <= (byNetwork.get(asker.network) ?? 0) + amount) {
      return undefined;
    }
    const largest = Map.groupBy(this.#holders, ({ network }) => network)
      .entries()
      .filter(([network, all]) => byNetwork.get(network) === most && all.length > 1)
      .flatMap(([, all]) => all);
    const slow = [...largest].filter(
      ({ held, heldSinceMs, holder }) =>
        held > 0 && nowMs - heldSinceMs >= PATIENCE_MS && holder.stillMs() !== null,
    );
    const stillMs = ({ holder }: HeldBudget) => holder.stillMs() ?? 0;
    return slow.sort((a, b) => stillMs(b) - stillMs(a) || b.held - a.held)[0];
  }
}

/** A reservation that waits. */
interface Waiting {
  readonly asker: HeldBudget;
  readonly amount: number;
  readonly sinceMs: number;
}

function heldByNetwork(holders: Iterable<HeldBudget>): ReadonlyMap<string, number> {
  const byNetwork = new Map<string, number>();
  for (const { network, held } of holders) {
    byNetwork.set(network, (byNetwork.get(network) ?? 0) + held);
  }
  return byNetwork;
}

interface HeldBudgetParts {
  readonly budget: Budget;
  readonly clock: Clock;
  readonly wait: (asker: HeldBudget, amount: number) => () => void;
}

/** What one holder has of a {@link DividedBudget}. */
class HeldBudget implements Reserving {
  readonly holder: Holder;
  readonly network: string;
  held = 0;
  /** Since when it has held something, if it does. */
  heldSinceMs = 0;
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
    const stopWaiting = this.#parts.wait(this, amount);
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
    if (this.held === 0) {
      this.heldSinceMs = this.#parts.clock.elapsedMs();
    }
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
