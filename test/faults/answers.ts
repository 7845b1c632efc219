import type { Starvation } from './starvation.ts';

/**
 * What a client made of an attempt:
 *
 * - `served`: the gateway did what it was asked for;
 * - `later`: it said that it cannot now (503, 1011, 4000, UNAVAILABLE);
 * - `cut`: the connection ended, or could not be had;
 * - `silent`: no answer came while the client waited;
 * - `starved`: the same, while processes did not get the processor;
 * - `blamed`: it said that the client is wrong.
 */
export type Answer = 'served' | 'later' | 'cut' | 'silent' | 'starved' | 'blamed';

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

export interface RecordedAnswer {
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

/** What clients were told since they were last counted. */
export class Answers {
  readonly #starvation: Pick<Starvation, 'wasSince'>;
  #recorded: RecordedAnswer[] = [];

  constructor(starvation: Pick<Starvation, 'wasSince'>) {
    this.#starvation = starvation;
  }

  /** @param askedAtMs - in the time of `performance` */
  record(service: Service, askedAtMs: number, answer: Answer, detail: string): void {
    const tookMs = performance.now() - askedAtMs;
    const isStarved = answer === 'silent' && this.#starvation.wasSince(askedAtMs);
    const known = isStarved ? 'starved' : answer;
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

  /** The longest that a client waited to be told that the gateway cannot now, in milliseconds. */
  get slowestRefusalMs(): number {
    return Math.max(0, ...this.of('later').map(({ tookMs }) => tookMs));
  }
}
