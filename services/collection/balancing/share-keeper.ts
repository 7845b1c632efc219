import { randomUUID } from 'node:crypto';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import type { Signals, Subscription } from '#signals/port.ts';

const CHANNEL = 'collection/loads';
/** Interval of a process's announcements, while there are few processes. */
const LEAST_PERIOD_MS = 10_000;
/** Announcements of all processes together, as each goes to every other. */
const ANNOUNCEMENTS_PER_SECOND = 10;
/** A process without an announcement for so many periods is gone. */
const PERIODS_UNTIL_GONE = 3;
/** Processes remembered. */
const MOST_PROCESSES = 5_000;
const MAX_MESSAGE_OCTETS = 200;

/** What {@link ShareKeeper} needs. */
export interface ShareKeeperParts {
  readonly signals: Pick<Signals, 'publish' | 'subscribe'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The process whose share is kept. */
interface ShareHolder {
  /** Collectors that will stay. */
  collectors(): number;
  /** Load balancers that now send connections here, each to the process with the fewest. */
  balancers(): number;
  /** Sends so many away, spread evenly over the time given. */
  move(count: number, overMs: number): void;
}

interface Other {
  readonly collectors: number;
  readonly saidMs: number;
}

/**
 * Keeps collectors spread evenly over processes behind load balancers that choose the one with the
 * fewest: those place newcomers only, and collectors stay for hours. Each process announces how
 * many it has; those above their share send some away, which come back to those below.
 *
 * Does nothing while no such balancer asks, as collectors would come back to any process.
 *
 * @see docs/decisions/collection-by-path.md
 */
export class ShareKeeper {
  readonly #parts: ShareKeeperParts;
  readonly #holder: ShareHolder;
  readonly #process = randomUUID();
  readonly #others = new Map<string, Other>();
  #subscription: Subscription | null = null;
  #cancelLook = () => {};

  constructor(parts: ShareKeeperParts, holder: ShareHolder) {
    this.#parts = parts;
    this.#holder = holder;
  }

  start(): void {
    const onMessage = (message: string) => this.#onMessage(message);
    this.#subscription = this.#parts.signals.subscribe(CHANNEL, {
      onMessage,
      // The next announcements make up for missed ones.
      onInterrupted: () => {},
    });
    // It stands as soon as signals work.
    this.#subscription.ready.catch(() => {});
    this.#lookLater();
  }

  /** Stops moving collectors, and tells others not to count on this process. */
  stop(): void {
    this.#cancelLook();
    this.#subscription?.close();
    if (this.#holder.balancers() > 0) {
      this.#announce(null);
    }
  }

  get #periodMs(): number {
    const processes = this.#others.size + 1;
    return Math.max(LEAST_PERIOD_MS, (1_000 * processes) / ANNOUNCEMENTS_PER_SECOND);
  }

  #lookLater(): void {
    this.#cancelLook = this.#parts.clock.schedule(this.#periodMs, () => this.#look());
  }

  #look(): void {
    const { clock, log } = this.#parts;
    this.#forget(clock.elapsedMs());
    const balancers = this.#holder.balancers();
    if (balancers > 0) {
      const own = this.#holder.collectors();
      const others = [...this.#others.values()].map(({ collectors }) => collectors);
      const count = excess({ own, others, balancers }, this.#periodMs);
      this.#announce(own - count);
      if (count > 0) {
        const processes = others.length + 1;
        log.info({ leaving: count, collectors: own, processes }, 'Moving collectors');
        this.#holder.move(count, this.#periodMs);
      }
    }
    this.#lookLater();
  }

  /** @param collectors - null from a process that is about to end */
  #announce(collectors: number | null): void {
    const message = JSON.stringify({ process: this.#process, collectors });
    this.#parts.signals.publish(CHANNEL, message);
  }

  #onMessage(message: string): void {
    const load = parseLoad(message);
    if (!load || load.process === this.#process) {
      return;
    }
    const { process, collectors } = load;
    if (collectors === null) {
      this.#others.delete(process);
    } else if (this.#others.has(process) || this.#others.size < MOST_PROCESSES) {
      this.#others.set(process, { collectors, saidMs: this.#parts.clock.elapsedMs() });
    }
  }

  #forget(nowMs: number): void {
    const longestMs = PERIODS_UNTIL_GONE * this.#periodMs;
    for (const [process, { saidMs }] of this.#others) {
      if (nowMs - saidMs > longestMs) {
        this.#others.delete(process);
      }
    }
  }
}

interface Load {
  readonly process: string;
  readonly collectors: number | null;
}

/** @returns null if the message is not an announcement */
function parseLoad(message: string): Load | null {
  if (message.length > MAX_MESSAGE_OCTETS) {
    return null;
  }
  try {
    const { process, collectors }: Partial<Load> = JSON.parse(message);
    const isCount = Number.isSafeInteger(collectors) && Number(collectors) >= 0;
    return typeof process === 'string' && (isCount || collectors === null)
      ? { process, collectors: collectors ?? null }
      : null;
  } catch {
    return null;
  }
}

/** Deviation from the mean that is tolerated, so that collectors are not moved to and fro. */
const LEFT_ALONE = 0.05;
/** Largest part of its collectors that a process moves in a second. */
const MOVED_PER_SECOND = 0.01;
/** Largest part of its collectors that it moves between two announcements. */
const MOVED_AT_ONCE = 0.5;

interface LoadsNow {
  /** Collectors of this process. */
  readonly own: number;
  /** Those of each other process. */
  readonly others: readonly number[];
  /** Load balancers, each of which spreads its connections evenly to within one. */
  readonly balancers: number;
}

/**
 * How many collectors a process should send away so that all have the same: its excess over the
 * mean, once any process is over 5 % off the mean; at most 1 % of its own a second.
 *
 * @param overMs - until the next decision
 */
export function excess({ own, others, balancers }: LoadsNow, overMs: number): number {
  const all = [own, ...others];
  const mean = all.reduce((sum, each) => sum + each, 0) / all.length;
  const furthest = Math.max(...all.map((each) => Math.abs(each - mean)));
  if (furthest <= Math.max(LEFT_ALONE * mean, balancers)) {
    return 0;
  }
  const fraction = Math.min((MOVED_PER_SECOND * overMs) / 1_000, MOVED_AT_ONCE);
  return Math.max(0, Math.min(Math.floor(own - mean), Math.ceil(own * fraction)));
}
