import type { Clock } from '#clock/clock.ts';

/** Concurrent calls to Cloud KMS, which has a quota. */
export const MAX_CONCURRENCY = 32;

/** Which keys in Cloud KMS to use, and how to call it. */
export interface GoogleKmsOptions {
  /**
   * Resource name of the identity, a version of an RSA_SIGN_PSS_2048_SHA256 key:
   * `projects/…/locations/…/keyRings/…/cryptoKeys/…/cryptoKeyVersions/…`.
   */
  readonly identityKeyVersion: string;
  /** Resource name of the symmetric key that wraps data keys: `projects/…/cryptoKeys/…`. */
  readonly sealingKey: string;
  /** `host:port` of an emulator, called without TLS and credentials. */
  readonly emulatorAddress?: string | null;
  /** Deadline of a call, including its wait in the queue and its retries. */
  readonly deadlineMs: number;
  /** Concurrent calls; eight times as many may wait. @default {@link MAX_CONCURRENCY} */
  readonly maxConcurrency?: number;
  readonly clock?: Clock;
}
