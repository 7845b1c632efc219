import type { Clock } from '#clock/clock.ts';

interface Given {
  readonly answer: Promise<Uint8Array>;
  readonly expiresAt: Date;
}

/**
 * Answers that are given again to whoever asks the same once more, until they
 * expire. They should all live about equally long: the oldest go first.
 */
export class AnswersGiven {
  readonly #clock: Clock;
  readonly #maxAnswers: number;
  /** In the order in which they were first asked for. */
  readonly #given = new Map<string, Given>();

  /** @param options.maxAnswers - past this the oldest is forgotten */
  constructor(options: { readonly clock: Clock; readonly maxAnswers: number }) {
    this.#clock = options.clock;
    this.#maxAnswers = options.maxAnswers;
  }

  /**
   * @param make - not called if there is an answer, or one is being made
   * @throws what `make` throws; the next one who asks makes it call again
   */
  answer(question: string, expiresAt: Date, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
    this.#forgetExpired();
    const known = this.#given.get(question);
    if (known) {
      return known.answer;
    }
    const given = { answer: make(), expiresAt };
    this.#given.set(question, given);
    given.answer.catch(() => {
      if (this.#given.get(question) === given) {
        this.#given.delete(question);
      }
    });
    return given.answer;
  }

  #forgetExpired(): void {
    const now = this.#clock.now();
    for (const [question, { expiresAt }] of this.#given) {
      if (now < expiresAt && this.#given.size < this.#maxAnswers) {
        return;
      }
      this.#given.delete(question);
    }
  }
}
