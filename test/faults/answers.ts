import type { Starvation } from './starvation.ts';

/**
 * What a client made of an attempt:
 *
 * - `served`: the gateway did what it was asked for;
 * - `later`: it told the client to come back (503, 1011, 4000, UNAVAILABLE);
 * - `late`: it did so only when the client was about to give up;
 * - `cut`: the connection ended, or could not be opened;
 * - `silent`: no answer came while the client waited;
 * - `starved`: `late` or `silent`, but in time if the processes had not waited for a processor;
 * - `blamed`: it blamed the client.
 */
export type Answer = 'served' | 'later' | 'late' | 'cut' | 'silent' | 'starved' | 'blamed';

/** What clients ask for; each can fail on its own. */
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
  /** When the attempt began, by `performance.now()`. */
  readonly askedAtMs: number;
  readonly tookMs: number;
}

/** Deployed clients give up after this. */
export const PATIENCE_MS = 3_000;

/** Longest time until a client is told to come back, as the answer must still arrive in time. */
const LATEST_REFUSAL_MS = 2_500;

/** What clients were told since the last {@link Answers.clear}. */
export class Answers {
  readonly #starvation: Pick<Starvation, 'lostMsSince'>;
  #recorded: RecordedAnswer[] = [];

  constructor(starvation: Pick<Starvation, 'lostMsSince'>) {
    this.#starvation = starvation;
  }

  /** @param askedAtMs - by `performance.now()` */
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

  /** The slowest of the answers `later` and `late`; undefined if there is none. */
  get slowestRefusal(): RecordedAnswer | undefined {
    return this.of('later', 'late').toSorted((a, b) => b.tookMs - a.tookMs)[0];
  }
}
