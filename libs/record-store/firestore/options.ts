import type { Clock } from '#clock/clock.ts';

/** Records in a page of a listing: at most 19 MiB. */
export const PAGE_SIZE = 300;

/** Which database to use, and how to call Firestore. */
export interface FirestoreOptions {
  readonly project: string;
  readonly database: string;
  /** `host:port` of an emulator, called without TLS and credentials. */
  readonly emulatorAddress?: string | null;
  /** Deadline of an operation, or of one page of a listing, including retries. */
  readonly deadlineMs: number;
  /** Records per page of a listing. @default {@link PAGE_SIZE} */
  readonly pageSize?: number;
  readonly clock?: Clock;
}
