import type { Clock } from './clock.ts';

/** What a witness may be off by, either way: much less than the drift of phones that is tolerated. */
export const MOST_OFFSET_MS = 5 * 60_000;
/** A witness counts for so long after it was heard, and a time that was remembered if none is heard. */
const WITNESSED_FOR_MS = 60 * 60_000;
/** Whoever watches the clock looks this often; a clock that moved by much more meanwhile was set, or stood still. */
export const WATCH_INTERVAL_MS = 60_000;

/** A time reported by a trusted source, and our clock's time when it arrived. */
export interface WitnessedTime {
  /** Who told it, from a bounded set. */
  readonly by: string;
  readonly theirsMs: number;
  readonly oursMs: number;
}

interface Statement {
  readonly offsetMs: number;
  readonly heardAtMs: number;
}

/**
 * Whether this machine's clock may be right: not if it shows a time before this release
 * was made, differs from that of a witness, is behind what was seen earlier (until
 * a witness agrees with it, or it ran evenly for an hour), or has just jumped.
 *
 * Ignores every date that peers send, so that nobody can bring the clock into doubt by messages.
 */
export class ClockPlausibility {
  readonly #clock: Clock;
  readonly #notBefore: Date;
  readonly #statements = new Map<string, Statement>();
  #latestSeenMs = 0;
  /** Since when the clock runs evenly, as far as that was watched. */
  #evenSinceMs: number;
  #lookedAtMs: number;
  #jumpedAtMs: number | null = null;

  /** @param parts.notBefore - when this release was made, at the latest */
  constructor({ clock, notBefore }: { readonly clock: Clock; readonly notBefore: Date }) {
    this.#clock = clock;
    this.#notBefore = notBefore;
    this.#lookedAtMs = clock.now().getTime();
    this.#evenSinceMs = this.#lookedAtMs;
  }

  /** Why the clock is in doubt now, in words for operators; null if it is not. */
  get doubt(): string | null {
    const nowMs = this.#clock.now().getTime();
    if (nowMs < this.#notBefore.getTime()) {
      return `it is before ${this.#notBefore.toISOString().slice(0, 10)}, when this release was made`;
    }
    const statements = this.#currentStatements(nowMs);
    const differing = statements.find(([, { offsetMs }]) => Math.abs(offsetMs) > MOST_OFFSET_MS);
    if (differing) {
      return describeOffset(differing[0], differing[1].offsetMs);
    }
    if (this.#hasJumpedAt(nowMs)) {
      return 'it jumped, and nobody has confirmed it since';
    }
    return this.#isBehindAt(nowMs) && statements.length === 0
      ? `it is behind ${new Date(this.#latestSeenMs).toISOString()}, which it showed before`
      : null;
  }

  /** Takes what a witness says in place of what it said before. */
  hear({ by, theirsMs, oursMs }: WitnessedTime): void {
    this.look();
    const offsetMs = oursMs - theirsMs;
    this.#statements.set(by, { offsetMs, heardAtMs: this.#clock.now().getTime() });
    if (Math.abs(offsetMs) <= MOST_OFFSET_MS) {
      this.#jumpedAtMs = null;
      this.#latestSeenMs = oursMs;
    }
  }

  /**
   * Takes the latest time that an earlier process saw. It counts for an hour in which the
   * clock runs evenly: its clock may have been ahead, and nobody may be there to say so.
   */
  remember(latestSeen: Date): void {
    this.#latestSeenMs = Math.max(this.#latestSeenMs, latestSeen.getTime());
  }

  /** To be called every {@link WATCH_INTERVAL_MS}, so that a clock that is set is noticed. */
  look(): void {
    const nowMs = this.#clock.now().getTime();
    if (this.#hasMoved(nowMs)) {
      this.#jumpedAtMs = nowMs;
      this.#evenSinceMs = nowMs;
      // What was heard before is about another clock.
      this.#statements.clear();
    }
    this.#lookedAtMs = nowMs;
  }

  #isBehindAt(nowMs: number): boolean {
    const mayHaveBeenAhead = nowMs - this.#evenSinceMs >= WITNESSED_FOR_MS;
    return nowMs < this.#latestSeenMs - MOST_OFFSET_MS && !mayHaveBeenAhead;
  }

  #currentStatements(nowMs: number): [string, Statement][] {
    const isMoved = this.#hasMoved(nowMs);
    return [...this.#statements].filter(
      ([, { heardAtMs }]) => !isMoved && nowMs - heardAtMs < WITNESSED_FOR_MS,
    );
  }

  /** Where there is no witness, a jump is forgotten after as long as one would count. */
  #hasJumpedAt(nowMs: number): boolean {
    const isRecent = this.#jumpedAtMs !== null && nowMs - this.#jumpedAtMs < WITNESSED_FOR_MS;
    return isRecent || this.#hasMoved(nowMs);
  }

  #hasMoved(nowMs: number): boolean {
    const passedMs = nowMs - this.#lookedAtMs;
    return passedMs < -MOST_OFFSET_MS || passedMs > WATCH_INTERVAL_MS + MOST_OFFSET_MS;
  }
}

/** @param offsetMs - how far our clock is ahead; negative if it is behind */
export function describeOffset(by: string, offsetMs: number): string {
  const seconds = Math.round(Math.abs(offsetMs) / 1_000);
  return `it is ${seconds} s ${offsetMs > 0 ? 'ahead of' : 'behind'} ${by}`;
}
