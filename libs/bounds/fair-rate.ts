import type { Clock } from '#clock/clock.ts';
import { Cache } from './cache.ts';

/** Whose request it is: a member of a group, which is the group itself if that has but one. */
export interface Asker {
  readonly member: string;
  readonly group: string;
}

/** For how long a request counts; it counts less the longer ago it was, by a factor e in this. */
const MEMORY_MS = 10_000;
/** After this, what anybody had counts for less than a hundredth of a request. */
const FORGOTTEN_MS = 10 * MEMORY_MS;
/** Groups and members counted at once; some 200 octets each. */
const MAX_COUNTED = 20_000;
/** How many parts of its group's allowance a member may have for each part that nobody has. */
const PARTS = 3;

interface Usage {
  /** Requests let through, faded up to `atMs`. */
  amount: number;
  atMs: number;
}

/**
 * A rate that many askers share: `perSecond` on average for all of them, twice that at once.
 *
 * While there is room, anybody may have all of it. The less room is left, the less an asker may
 * have had: so a few who ask without end leave room for some of others' requests, which are let through
 * before theirs, and in the long run all who want more get the same. Members share what
 * their group gets likewise. A new asker is let through as long as there is any room.
 *
 * @see docs/decisions/fair-rates.md
 */
export class FairRate {
  readonly #perSecond: number;
  readonly #clock: Clock;
  readonly #usage: Cache<Usage>;
  /** Requests that may be let through now. */
  #room: number;
  #filledAtMs: number;

  /** @param perSecond - at least 1 */
  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#usage = new Cache(clock, MAX_COUNTED);
    this.#room = this.#most;
    this.#filledAtMs = clock.elapsedMs();
  }

  /** @returns whether the asker may have one more now */
  tryTake(asker: Asker): boolean {
    const nowMs = this.#clock.elapsedMs();
    this.#fill(nowMs);
    if (this.#room < 1 || !this.#isWithinShare(asker, nowMs)) {
      return false;
    }
    this.#room -= 1;
    for (const each of new Set([asker.group, asker.member])) {
      const amount = this.#used(each, nowMs) + 1;
      this.#usage.set(each, { amount, atMs: nowMs }, FORGOTTEN_MS);
    }
    return true;
  }

  get #most(): number {
    return 2 * this.#perSecond;
  }

  #fill(nowMs: number): void {
    const gained = (Math.max(0, nowMs - this.#filledAtMs) / 1_000) * this.#perSecond;
    this.#room = Math.min(this.#most, this.#room + gained);
    this.#filledAtMs = nowMs;
  }

  #isWithinShare({ group, member }: Asker, nowMs: number): boolean {
    const unused = this.#allowance() - this.#used(group, nowMs);
    return this.#used(member, nowMs) <= PARTS * unused;
  }

  /**
   * What a group may have had, in faded requests, by the room that one more leaves. One that asks
   * alone without end leaves a second's; by the third power, a thousand still leave a tenth of that.
   */
  #allowance(): number {
    const seconds = (this.#room - 1) / this.#perSecond;
    return ((this.#perSecond * MEMORY_MS) / 1_000) * seconds ** 3;
  }

  #used(key: string, nowMs: number): number {
    const usage = this.#usage.get(key);
    return usage ? usage.amount * Math.exp((usage.atMs - nowMs) / MEMORY_MS) : 0;
  }
}
