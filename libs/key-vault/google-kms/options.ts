import type { Clock } from '#clock/clock.ts';

export interface GoogleKmsOptions {
  /**
   * Resource name of the version of an RSA_SIGN_PSS_2048_SHA256 key that is the identity:
   * `projects/…/locations/…/keyRings/…/cryptoKeys/…/cryptoKeyVersions/…`.
   */
  readonly identityKeyVersion: string;
  /** Resource name of the symmetric key that wraps data keys: `projects/…/cryptoKeys/…`. */
  readonly sealingKey: string;
  /** `host:port` of an emulator, spoken to without TLS and credentials. */
  readonly emulatorAddress?: string;
  /** Longest time for a call, waiting for its turn and repetitions included. @default 2000 */
  readonly deadlineMs?: number;
  /** Calls made to Cloud KMS at once; eight times as many may wait. @default 32 */
  readonly maxConcurrency?: number;
  /**
   * How long a data key seals new secrets, and how long one that was unwrapped stays in
   * memory. @default 3 600 000
   */
  readonly dataKeyLifeMs?: number;
  readonly clock?: Clock;
}
