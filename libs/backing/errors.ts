/** The backing services, one per port, and this machine's clock. */
export type BackingName =
  | 'object-store'
  | 'record-store'
  | 'key-vault'
  | 'signals'
  | 'held-index'
  | 'tallies'
  | 'work-queue'
  | 'clock';

/** How a backing service may fail; docs/errors.md says what each service of ours answers then. */
export const BACKING_CODES = ['backing-unavailable', 'backing-full', 'clock-in-doubt'] as const;

/** One of {@link BACKING_CODES}. */
export type BackingCode = (typeof BACKING_CODES)[number];

/**
 * The base of all that fails behind us. The same call may succeed later; it is never the
 * fault of whoever talks to the gateway.
 */
export abstract class BackingError extends Error {
  abstract readonly code: BackingCode;
  readonly backing: BackingName;

  constructor(backing: BackingName, message: string, options?: ErrorOptions) {
    super(`${backing}: ${message}`, options);
    this.backing = backing;
  }

  /** What failed and how, such as `object-store-full`: for logs. */
  get reason(): string {
    return this.code.replace('backing', this.backing);
  }
}

/** A backing service could not answer, now or in time. */
export class BackingUnavailableError extends BackingError {
  readonly code: 'backing-unavailable' | 'clock-in-doubt' = 'backing-unavailable';

  constructor(backing: BackingName, message: string, options?: ErrorOptions) {
    super(backing, message, options);
    this.name = 'BackingUnavailableError';
  }
}

/**
 * Something would have to be refused for its dates, but this machine's clock may be
 * wrong: whoever sent it must keep it and come again.
 */
export class ClockInDoubtError extends BackingUnavailableError {
  override readonly code = 'clock-in-doubt';

  constructor(doubt: string, options?: ErrorOptions) {
    super('clock', doubt, options);
    this.name = 'ClockInDoubtError';
  }
}

/** A backing service has no room left; what is stored stays readable. */
export class BackingFullError extends BackingError {
  readonly code = 'backing-full';

  constructor(backing: BackingName, message: string, options?: ErrorOptions) {
    super(backing, message, options);
    this.name = 'BackingFullError';
  }
}
