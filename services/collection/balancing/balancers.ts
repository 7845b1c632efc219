import type { Clock } from '#clock/clock.ts';

/** How often to check for balancers that fell silent. */
const LOOK_EVERY_MS = 1_000;
/**
 * A balancer that asks each second, and has not for this long, takes no new connections any more.
 */
const LEAST_SILENCE_MS = 5_000;
/** For those that ask less often: a multiple of the time between their last two questions. */
const SILENCE_FACTOR = 5;
/** For one that asked only once, so that its interval is unknown. */
const FIRST_SILENCE_MS = 60_000;
/** Addresses remembered. */
const MOST_BALANCERS = 1_000;

interface Asking {
  lastMs: number;
  /** Between its last two questions. */
  pauseMs: number | null;
}

/**
 * Load balancers that ask this process whether it takes connections, told apart by address. HAProxy
 * stops asking once it is told to end; the connections that it still holds must then be moved,
 * before it cuts them.
 */
export class Balancers {
  readonly #clock: Clock;
  readonly #onSilent: (address: string) => void;
  readonly #asking = new Map<string, Asking>();
  #cancelLook: (() => void) | null = null;

  /** @param onSilent - called once for each balancer that falls silent */
  constructor(clock: Clock, onSilent: (address: string) => void) {
    this.#clock = clock;
    this.#onSilent = onSilent;
  }

  /** Balancers that ask now. */
  get count(): number {
    return this.#asking.size;
  }

  isAsking(address: string): boolean {
    return this.#asking.has(address);
  }

  /** Call it whenever one asks. */
  asked(address: string): void {
    const nowMs = this.#clock.elapsedMs();
    const known = this.#asking.get(address);
    if (known) {
      known.pauseMs = nowMs - known.lastMs;
      known.lastMs = nowMs;
    } else if (this.#asking.size < MOST_BALANCERS) {
      this.#asking.set(address, { lastMs: nowMs, pauseMs: null });
    }
    this.#cancelLook ??= this.#clock.schedule(LOOK_EVERY_MS, () => this.#look());
  }

  stop(): void {
    this.#cancelLook?.();
    this.#cancelLook = null;
    this.#asking.clear();
  }

  #look(): void {
    const nowMs = this.#clock.elapsedMs();
    for (const [address, asking] of this.#asking) {
      if (nowMs - asking.lastMs > patienceMs(asking)) {
        this.#asking.delete(address);
        this.#onSilent(address);
      }
    }
    this.#cancelLook =
      this.#asking.size > 0 ? this.#clock.schedule(LOOK_EVERY_MS, () => this.#look()) : null;
  }
}

function patienceMs({ pauseMs }: Asking): number {
  return pauseMs === null ? FIRST_SILENCE_MS : Math.max(LEAST_SILENCE_MS, SILENCE_FACTOR * pauseMs);
}
