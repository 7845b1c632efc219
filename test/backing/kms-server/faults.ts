import { status } from '@grpc/grpc-js';

const SIGNING_ALGORITHM = 'RSA_SIGN_PSS_2048_SHA256';

/** Injects faults, and counts the calls of each method. */
export class KmsFaults {
  /** Delay before each answer, in milliseconds. */
  delayMs = 0;
  /** Methods to refuse with PERMISSION_DENIED, such as `AsymmetricSign`. */
  readonly denied = new Set<string>();
  /** Whether to damage results, so that their checksums do not match. */
  corruptAnswers = false;
  /** Whether to report that the request's checksum was missing or wrong. */
  denyVerification = false;
  /** The algorithm to report for every signing key. */
  signingAlgorithm = SIGNING_ALGORITHM;
  readonly calls = new Map<string, number>();
  readonly #failures: status[] = [];

  /** Answers the next `count` calls of any method with `code`. */
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

  /** Counts a call. @returns how it must fail, if it must */
  next(method: string): status | undefined {
    this.calls.set(method, (this.calls.get(method) ?? 0) + 1);
    return this.denied.has(method) ? status.PERMISSION_DENIED : this.#failures.shift();
  }
}
