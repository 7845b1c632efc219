import type { Clock } from './clock.ts';

/** How far off a witness may be, either way: much less than the clock drift tolerated in phones. */
export const MOST_OFFSET_MS = 5 * 60_000;
/** How long a witness's time counts, and how long a remembered time does if there is no witness. */
const WITNESSED_FOR_MS = 60 * 60_000;
/** How often to watch the clock. One that moved by much more in between was set, or stood still. */
export const WATCH_INTERVAL_MS = 60_000;

/** A trusted source's time, and ours when it arrived. */
export interface WitnessedTime {
  /** The source, from a bounded set. */
  readonly by: string;
  readonly theirsMs: number;
  readonly oursMs: number;
}

interface Report {
  readonly offsetMs: number;
  readonly heardAtMs: number;
}

/**
 * Decides whether this machine's clock may be right. It is in doubt if it shows a time before this
 * release was made, differs from a witness, is behind what was seen earlier (until a witness agrees
 * with it, or it has run evenly for an hour), or has just jumped.
 *
 * Ignores the dates in peers' messages, so that nobody can cast doubt on the clock by sending some.
 */
export class ClockPlausibility {
  readonly #clock: Clock;
  readonly #notBefore: Date;
  readonly #reports = new Map<string, Report>();
  #latestSeenMs = 0;
  /** Since when the clock has run evenly, as far as anyone watched. */
  #evenSinceMs: number;
  #lookedAtMs: number;
  #jumpedAtMs: number | null = null;

  /** @param parts.notBefore - a time before which this release cannot run */
  constructor({ clock, notBefore }: { readonly clock: Clock; readonly notBefore: Date }) {
    this.#clock = clock;
    this.#notBefore = notBefore;
    this.#lookedAtMs = clock.now().getTime();
    this.#evenSinceMs = this.#lookedAtMs;
  }

  /** Why the clock is in doubt, in words for operators; null if it is not. */
  get doubt(): string | null {
    const nowMs = this.#clock.now().getTime();
    if (nowMs < this.#notBefore.getTime()) {
      return `it is before ${this.#notBefore.toISOString().slice(0, 10)}, when this release was made`;
    }
    const reports = this.#currentReports(nowMs);
    const differing = reports.find(([, { offsetMs }]) => Math.abs(offsetMs) > MOST_OFFSET_MS);
    if (differing) {
      return describeOffset(differing[0], differing[1].offsetMs);
    }
    if (this.#hasJumpedAt(nowMs)) {
      return 'it jumped, and nobody has confirmed it since';
    }
    return this.#isBehindAt(nowMs) && reports.length === 0
      ? `it is behind ${new Date(this.#latestSeenMs).toISOString()}, which it showed before`
      : null;
  }

  /** Takes a witness's time, replacing its previous one. */
  hear({ by, theirsMs, oursMs }: WitnessedTime): void {
    this.look();
    const offsetMs = oursMs - theirsMs;
    this.#reports.set(by, { offsetMs, heardAtMs: this.#clock.now().getTime() });
    if (Math.abs(offsetMs) <= MOST_OFFSET_MS) {
      this.#jumpedAtMs = null;
      this.#latestSeenMs = oursMs;
    }
  }

  /**
   * Takes the latest time that an earlier process saw. It counts until the clock has run evenly for
   * an hour: that process's clock may have been ahead, with no witness to say so.
   */
  remember(latestSeen: Date): void {
    this.#latestSeenMs = Math.max(this.#latestSeenMs, latestSeen.getTime());
  }

  /** Notices whether the clock was set; call it every {@link WATCH_INTERVAL_MS}. */
  look(): void {
    const nowMs = this.#clock.now().getTime();
    if (this.#hasMoved(nowMs)) {
      this.#jumpedAtMs = nowMs;
      this.#evenSinceMs = nowMs;
      // Earlier reports refer to the clock as it was before.
      this.#reports.clear();
    }
    this.#lookedAtMs = nowMs;
  }

  #isBehindAt(nowMs: number): boolean {
    const mayHaveBeenAhead = nowMs - this.#evenSinceMs >= WITNESSED_FOR_MS;
    return nowMs < this.#latestSeenMs - MOST_OFFSET_MS && !mayHaveBeenAhead;
  }

  #currentReports(nowMs: number): [string, Report][] {
    const isMoved = this.#hasMoved(nowMs);
    return [...this.#reports].filter(
      ([, { heardAtMs }]) => !isMoved && nowMs - heardAtMs < WITNESSED_FOR_MS,
    );
  }

  /** Without a witness, a jump is forgotten after as long as a witness's time would count. */
  #hasJumpedAt(nowMs: number): boolean {
    const isRecent = this.#jumpedAtMs !== null && nowMs - this.#jumpedAtMs < WITNESSED_FOR_MS;
    return isRecent || this.#hasMoved(nowMs);
  }

  #hasMoved(nowMs: number): boolean {
    const passedMs = nowMs - this.#lookedAtMs;
    return passedMs < -MOST_OFFSET_MS || passedMs > WATCH_INTERVAL_MS + MOST_OFFSET_MS;
  }
}

/**
 * Says in words how far our clock is from a source's.
 *
 * @param offsetMs - how far our clock is ahead; negative if it is behind
 */
export function describeOffset(by: string, offsetMs: number): string {
  const seconds = Math.round(Math.abs(offsetMs) / 1_000);
  return `it is ${seconds} s ${offsetMs > 0 ? 'ahead of' : 'behind'} ${by}`;
}
