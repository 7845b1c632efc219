import type { Clock } from '#clock/clock.ts';

export interface FirestoreOptions {
  readonly project: string;
  /** @default '(default)' */
  readonly database?: string;
  /** `host:port` of an emulator, spoken to without TLS and credentials. */
  readonly emulatorAddress?: string;
  /** Longest time for one operation or one page of a listing, repetitions included. @default 2000 */
  readonly deadlineMs?: number;
  /** Records asked for at once in a listing. @default 300 */
  readonly pageSize?: number;
  readonly clock?: Clock;
}
