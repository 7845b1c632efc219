import type { Clock } from '#clock/clock.ts';

/** The most objects that the service lists in a page. */
export const PAGE_SIZE = 1_000;

/** Where a bucket is, and how to call Cloud Storage. */
export interface GcsOptions {
  readonly bucket: string;
  /**
   * Origin of the service or of an emulator. An `http:` origin gets no credentials.
   *
   * @default 'https://storage.googleapis.com'
   */
  readonly apiEndpoint?: string | URL | null;
  /** Deadline of an operation, or of one page of a listing, including retries. */
  readonly deadlineMs: number;
  /** Objects per page of a listing, 1 to 1 000. @default {@link PAGE_SIZE} */
  readonly pageSize?: number;
  readonly clock?: Clock;
}
