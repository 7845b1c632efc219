import type { Starvation } from './starvation.ts';

/**
 * What a client made of an attempt:
 *
 * - `served`: the gateway did what it was asked for;
 * - `later`: it said that it cannot now (503, 1011, 4000, UNAVAILABLE);
 * - `late`: it said so when the client’s patience was nearly over;
 * - `cut`: the connection ended, or could not be had;
 * - `silent`: no answer came while the client waited;
 * - `starved`: `late` or `silent`, but in time without the time that processes waited for a processor;
 * - `blamed`: it said that the client is wrong.
 */
export type Answer = 'served' | 'later' | 'late' | 'cut' | 'silent' | 'starved' | 'blamed';

/** What a client asks for, and so what can fail by itself. */
export const SERVICES = [
  'deliver to phones',
  'deliver to the Internet',
  'deliver from the Internet',
  'collect',
  'deliver cargo',
  'collect cargo',
  'register',
] as const;

export type Service = (typeof SERVICES)[number];

interface RecordedAnswer {
  readonly service: Service;
  readonly answer: Answer;
  /** The status, or what was thrown. */
  readonly detail: string;
  /** When the client began to ask, in the time of `performance`. */
  readonly askedAtMs: number;
  readonly tookMs: number;
}

/** Deployed clients give up after this. */
export const PATIENCE_MS = 3_000;

/** Within this, clients are told that the gateway cannot now: an answer takes its way, too. */
const LATEST_REFUSAL_MS = 2_500;

/** What clients were told since they were last counted. */
export class Answers {
  readonly #starvation: Pick<Starvation, 'lostMsSince'>;
  #recorded: RecordedAnswer[] = [];

  constructor(starvation: Pick<Starvation, 'lostMsSince'>) {
    this.#starvation = starvation;
  }

  /** @param askedAtMs - in the time of `performance` */
  record(service: Service, askedAtMs: number, answer: Answer, detail: string): void {
    const tookMs = performance.now() - askedAtMs;
    const isSlow = answer === 'silent' || (answer === 'later' && tookMs > LATEST_REFUSAL_MS);
    const slow = answer === 'later' ? 'late' : answer;
    const isStarved =
      isSlow && tookMs - this.#starvation.lostMsSince(askedAtMs) <= LATEST_REFUSAL_MS;
    const known = isStarved ? 'starved' : isSlow ? slow : answer;
    this.#recorded.push({ service, answer: known, detail, askedAtMs, tookMs });
  }

  /** Forgets what was recorded. */
  clear(): void {
    this.#recorded = [];
  }

  has(service: Service, answer: Answer, sinceMs = 0): boolean {
    return this.#recorded.some(
      (one) => one.service === service && one.answer === answer && one.askedAtMs >= sinceMs,
    );
  }

  of(...answers: readonly Answer[]): readonly RecordedAnswer[] {
    return this.#recorded.filter(({ answer }) => answers.includes(answer));
  }

  /** Where a client waited longest to be told that the gateway cannot now; undefined if none was. */
  get slowestRefusal(): RecordedAnswer | undefined {
    return this.of('later', 'late').toSorted((a, b) => b.tookMs - a.tookMs)[0];
  }
}
