import type { Clock } from '#clock/clock.ts';

/** Which database to use, and how to call Firestore. */
export interface FirestoreOptions {
  readonly project: string;
  /** @default '(default)' */
  readonly database?: string;
  /** `host:port` of an emulator, called without TLS and credentials. */
  readonly emulatorAddress?: string | null;
  /** Deadline of an operation, or of one page of a listing, including retries. */
  readonly deadlineMs: number;
  /** Records per page of a listing. @default 300 */
  readonly pageSize?: number;
  readonly clock?: Clock;
}
