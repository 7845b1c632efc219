import type { ServerResponse } from 'node:http';
import { FairShares, type Who } from '#bounds/fair-shares.ts';
import { Turns } from '#bounds/turns.ts';
import type { Clock } from '#clock/clock.ts';
import type { HttpLimits } from './http-limits.ts';

/** Begun in one turn of the event loop: those that are begun together are written to the disk together. */
const MOST_BEGUN_TOGETHER = 64;
/** If these would take longer, fewer are begun. */
const MOST_TURN_MS = 50;
const LEAST_BEGUN_TOGETHER = 16;
/** While some are refused, which shall hear of it soon. */
const BEGUN_BESIDE_REFUSALS = 24;
/** For how long after a refusal. */
const REFUSING_MS = 1_000;
/**
 * For so many that were refused in a turn, one more is begun: refusing them takes less, so that
 * however many come, most of the time goes to those that are served.
 */
const REFUSED_FOR_EACH = 4;
/** Whoever waited for longer after all is told to come later, as its client would soon be gone. */
const LONGEST_WAIT_MS = 1_500;
/** Over how much work the time for one request is averaged. */
const AVERAGED_MS = 500;
/** The most that a turn counts for: a pause of the whole machine says nothing about the next. */
const LONGEST_COUNTED_MS = 100;
/** However slow the machine is. */
const LEAST_PLACES = 16;

interface RequestLineParts {
  readonly clock: Clock;
  /** Called for each that gives way to others. */
  readonly onGivenWay: () => void;
}

interface Newcomer {
  /** The network, and within it the connection, that it comes by; asked only if it has to wait. */
  readonly who: () => Who;
  readonly begin: () => void;
  /**
   * Called instead if there is no place for it, its place goes to somebody who had less, or it has
   * waited too long.
   */
  readonly refuse: () => void;
}

interface Waiting extends Omit<Newcomer, 'who'> {
  readonly who: Who;
  readonly sinceMs: number;
}

/**
 * The requests that came and are not begun yet. A turn of the event loop begins only a few, so that
 * whatever else comes is seen soon, and refused soon if it must be.
 *
 * No more wait than can be begun within `lineMs`, by how long one took lately. Places are shared
 * fairly between networks and their connections, and each has its turn. So clients that come all at
 * once are all served unless they would wait too long; and if more come than can be done, those who
 * send most are told to come later, rather than nobody served in time.
 *
 * Costs O(log n) for each that waits; nearly nothing for one that does not.
 *
 * @see docs/decisions/overload.md
 */
export class RequestLine {
  readonly #clock: Clock;
  readonly #places: FairShares;
  readonly #waiting = new Turns<Waiting>();
  /** In this turn. */
  #begun = 0;
  #refused = 0;
  /** That this turn may begin. */
  #most = MOST_BEGUN_TOGETHER;
  #refusedAtMs = Number.NEGATIVE_INFINITY;
  #turnAtMs = 0;
  /** What one takes while others wait; 0 until that is known. */
  #eachMs = 0;

  constructor(
    { lineMs, maxRequests }: Pick<HttpLimits, 'lineMs' | 'maxRequests'>,
    { clock, onGivenWay }: RequestLineParts,
  ) {
    this.#clock = clock;
    const eachMs = () => this.#eachMs;
    this.#places = new FairShares({
      get capacity() {
        return Math.min(maxRequests, Math.max(LEAST_PLACES, lineMs / eachMs()));
      },
      onGivenWay,
    });
  }

  /** Has a request begun now, later, or not at all if its client leaves first. */
  enter(response: ServerResponse, newcomer: Newcomer): void {
    if (this.#begun < this.#most && this.#waiting.size === 0) {
      if (this.#begun === 0) {
        this.#turnAtMs = this.#clock.elapsedMs();
        setImmediate(() => this.#endTurn());
      }
      this.#begun += 1;
      newcomer.begin();
    } else {
      this.#wait(response, newcomer);
    }
  }

  #wait(response: ServerResponse, { who: whoIsIt, begin, refuse: tellLater }: Newcomer): void {
    const who = whoIsIt();
    const refuse = () => {
      this.#refused += 1;
      tellLater();
    };
    const place = this.#places.take(who, 1, () => leave(refuse));
    if (!place) {
      refuse();
      return;
    }
    const leave = (next: () => void) => {
      response.off('close', onClose);
      this.#waiting.delete(waiting);
      place.release();
      next();
    };
    const onClose = () => leave(() => {});
    const waiting: Waiting = {
      who,
      sinceMs: this.#clock.elapsedMs(),
      begin: () => leave(begin),
      refuse: () => leave(refuse),
    };
    this.#waiting.add(waiting);
    response.once('close', onClose);
  }

  #endTurn(): void {
    const waiting = this.#waiting.size;
    const nowMs = this.#clock.elapsedMs();
    if (waiting > 0 && this.#begun > 0) {
      this.#learn((nowMs - this.#turnAtMs) / this.#begun, nowMs - this.#turnAtMs);
    }
    this.#turnAtMs = nowMs;
    this.#most = this.#mostInTurn(nowMs);
    this.#begun = Math.min(waiting, this.#most);
    this.#refused = 0;
    // Each in a call of its own, after which Node does what the one before left for later.
    for (let count = 0; count < this.#begun; count += 1) {
      setImmediate(() => this.#beginNext());
    }
    if (waiting > 0) {
      setImmediate(() => this.#endTurn());
    }
  }

  #mostInTurn(nowMs: number): number {
    if (this.#refused > 0) {
      this.#refusedAtMs = nowMs;
    }
    const isRefusing = nowMs - this.#refusedAtMs < REFUSING_MS;
    const inTime = Math.max(LEAST_BEGUN_TOGETHER, MOST_TURN_MS / this.#eachMs);
    const most = (isRefusing ? BEGUN_BESIDE_REFUSALS : inTime) + this.#refused / REFUSED_FOR_EACH;
    return Math.floor(Math.min(most, MOST_BEGUN_TOGETHER));
  }

  #beginNext(): void {
    const sinceMs = this.#clock.elapsedMs() - LONGEST_WAIT_MS;
    let { next } = this.#waiting;
    while (next && next.sinceMs < sinceMs) {
      next.refuse();
      next = this.#waiting.next;
    }
    if (next) {
      this.#waiting.served(next);
      next.begin();
    }
  }

  #learn(eachMs: number, tookMs: number): void {
    const weight = Math.min(tookMs, LONGEST_COUNTED_MS) / AVERAGED_MS;
    this.#eachMs += (eachMs - this.#eachMs) * weight;
  }
}
