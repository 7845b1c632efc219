/** The backing services a gateway stands on, one per port, and this machine's clock. */
export type BackingName =
  | 'object-store'
  | 'record-store'
  | 'key-vault'
  | 'signals'
  | 'work-queue'
  | 'clock';

/**
 * A backing service could not answer, now or in time; the same call may
 * succeed later. Never the fault of whoever talks to the gateway.
 */
export class BackingUnavailableError extends Error {
  readonly code = 'BACKING_UNAVAILABLE';
  readonly backing: BackingName;

  constructor(backing: BackingName, message: string, options?: ErrorOptions) {
    super(`${backing}: ${message}`, options);
    this.name = 'BackingUnavailableError';
    this.backing = backing;
  }
}

/**
 * Something would have to be refused for its dates, but this machine's clock may be
 * wrong: whoever sent it must keep it and come again.
 */
export class ClockInDoubtError extends BackingUnavailableError {
  constructor(doubt: string, options?: ErrorOptions) {
    super('clock', doubt, options);
    this.name = 'ClockInDoubtError';
  }
}

/** A backing service has no room left; what is stored stays readable. */
export class BackingFullError extends Error {
  readonly code = 'BACKING_FULL';
  readonly backing: BackingName;

  constructor(backing: BackingName, message: string, options?: ErrorOptions) {
    super(`${backing}: ${message}`, options);
    this.name = 'BackingFullError';
    this.backing = backing;
  }
}
