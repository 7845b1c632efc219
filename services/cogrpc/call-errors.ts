import type { status } from '@grpc/grpc-js';
import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';

/** Ends a call with this status by intention. */
export class CallRefusal extends Error {
  readonly code = 'CALL_REFUSED';
  readonly status: CallStatus;

  constructor(status: CallStatus, message: string) {
    super(message);
    this.name = 'CallRefusal';
    this.status = status;
  }
}

/** The call is over for the courier: it hung up, or its time was up. */
export class CallOverError extends Error {
  readonly code = 'CALL_OVER';
  readonly status: CallStatus;

  constructor(status: CallStatus, message: string) {
    super(message);
    this.name = 'CallOverError';
    this.status = status;
  }
}

export type CallStatus = Exclude<keyof typeof status, 'OK' | 'UNKNOWN'>;

/**
 * What a courier is told about each error that has a code. To the deployed
 * couriers, PERMISSION_DENIED ends the use of a CCA; after anything else they
 * come back with it.
 */
const REPLIES: Readonly<Record<string, CallStatus>> = {
  BACKING_UNAVAILABLE: 'UNAVAILABLE',
  BACKING_FULL: 'UNAVAILABLE',
  CCA_FULFILLED: 'PERMISSION_DENIED',
  CCA_IN_USE: 'ABORTED',
  COLLECTION_CUT: 'DEADLINE_EXCEEDED',
  CARGO_UNACKNOWLEDGED: 'DEADLINE_EXCEEDED',
};

export interface CallReply {
  readonly status: CallStatus;
  /** What the courier is told: nothing that is not its business. */
  readonly details: string;
  /** How it is logged. */
  readonly level: 'debug' | 'info' | 'warn' | 'error';
}

/** @param error - what made a call fail */
export function replyTo(error: unknown): CallReply {
  if (error instanceof CallRefusal) {
    return { status: error.status, details: error.message, level: 'info' };
  }
  if (error instanceof CallOverError) {
    return { status: error.status, details: error.message, level: 'debug' };
  }
  if (error instanceof BackingUnavailableError || error instanceof BackingFullError) {
    const details = 'The gateway cannot do this now; try again later';
    return { status: 'UNAVAILABLE', details, level: 'warn' };
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known = REPLIES[code];
  return known && error instanceof Error
    ? { status: known, details: error.message, level: 'info' }
    : { status: 'INTERNAL', details: 'The gateway failed', level: 'error' };
}
