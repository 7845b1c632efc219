/**
 * Where the authority looks for proof that the name is ours: plain HTTP on port 80.
 *
 * @see RFC 8555, section 8.3
 */
export interface Challenges {
  /** @throws {CertificateError} `challenge-port`, if nobody could fetch an answer now */
  open(): Promise<void>;
  /** From now on answers requests for the token. */
  answer(token: string, answer: string): void;
  /** Answers no more. */
  forget(token: string): void;
}

/** Issues certificates to whoever proves that a name leads to them. */
export interface CertificateAuthority {
  /** An account's private key, as PEM. */
  newAccountKey(): Promise<string>;

  /**
   * The time by its clock, in milliseconds since the epoch, which costs it next to nothing to tell;
   * null if it does not.
   *
   * @param signal - ends the question at once
   * @throws if it cannot be asked
   */
  time(signal: AbortSignal): Promise<number | null>;

  /**
   * Orders a certificate with a new key, which takes seconds to minutes.
   *
   * @param order.name - a domain name in canonical form
   * @param order.challenges - open already
   * @param order.signal - ends the order at once, of which nothing goes on then
   * @returns PEM: the key, and the certificate followed by its issuers'
   * @throws {CertificateError} if it cannot be had now; the reason says whose the next step is
   */
  issue(order: {
    readonly name: string;
    readonly accountKey: string;
    readonly challenges: Pick<Challenges, 'answer' | 'forget'>;
    readonly signal: AbortSignal;
  }): Promise<{ readonly chain: string; readonly key: string }>;
}
