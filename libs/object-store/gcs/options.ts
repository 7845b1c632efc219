import type { Clock } from '#clock/clock.ts';

export interface GcsOptions {
  readonly bucket: string;
  /**
   * Origin of the service, such as that of an emulator. An `http:` origin is spoken to
   * without credentials.
   *
   * @default 'https://storage.googleapis.com'
   */
  readonly apiEndpoint?: string;
  /** Longest time for one operation or one page of a listing, repetitions included. @default 2000 */
  readonly deadlineMs?: number;
  /** Requests made to the service at once, each over a connection of its own. @default 64 */
  readonly maxConnections?: number;
  /** Objects asked for at once in a listing, 1 to 1 000. @default 1000 */
  readonly pageSize?: number;
  readonly clock?: Clock;
}
