import { status } from '@grpc/grpc-js';

const SIGNING_ALGORITHM = 'RSA_SIGN_PSS_2048_SHA256';

/** What the server does wrong on demand, and how often each method was called. */
export class KmsFaults {
  /** Waits this long before each answer, in milliseconds. */
  delayMs = 0;
  /** Methods that the caller lacks the permission for, such as `AsymmetricSign`. */
  readonly denied = new Set<string>();
  /** Damages the results, so that their checksums do not match. */
  corruptAnswers = false;
  /** Says that the request's checksum was not there or did not match. */
  denyVerification = false;
  /** What every signing key is said to be of. */
  signingAlgorithm = SIGNING_ALGORITHM;
  readonly calls = new Map<string, number>();
  readonly #failures: status[] = [];

  /** Answers the next `count` calls, whatever they are, with `code`. */
  failNext(count: number, code: status): void {
    this.#failures.push(...Array.from({ length: count }, () => code));
  }

  /** Ends all injected faults. */
  clear(): void {
    this.delayMs = 0;
    this.denied.clear();
    this.corruptAnswers = false;
    this.denyVerification = false;
    this.signingAlgorithm = SIGNING_ALGORITHM;
    this.#failures.length = 0;
  }

  /** Counts a call and tells whether it must fail. */
  next(method: string): status | undefined {
    this.calls.set(method, (this.calls.get(method) ?? 0) + 1);
    return this.denied.has(method) ? status.PERMISSION_DENIED : this.#failures.shift();
  }
}
