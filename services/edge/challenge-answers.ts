/** Tokens are forgotten as their orders end, of which there is one at a time. */
const MOST_ANSWERS = 100;

/** What to answer a certificate authority that asks whether a name leads here (RFC 8555, section 8.3). */
export class ChallengeAnswers {
  readonly #byToken = new Map<string, string>();

  set(token: string, answer: string): void {
    if (this.#byToken.size < MOST_ANSWERS) {
      this.#byToken.set(token, answer);
    }
  }

  delete(token: string): void {
    this.#byToken.delete(token);
  }

  get(token: string): string | undefined {
    return this.#byToken.get(token);
  }
}
