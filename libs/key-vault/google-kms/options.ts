import type { Clock } from '#clock/clock.ts';

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
  /** Concurrent calls; eight times as many may wait. @default 32 */
  readonly maxConcurrency?: number;
  /**
   * How long a data key seals new secrets, and how long an unwrapped one stays in memory. @default
   * 3 600 000
   */
  readonly dataKeyLifeMs?: number;
  readonly clock?: Clock;
}
