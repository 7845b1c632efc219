import type { OutgoingHttpHeaders } from 'node:http2';
import { Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { ExpectedError } from '#awala/expected-error.ts';
import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';

/** Ends a call with this status by intention. */
export class CallRefusal extends ExpectedError {
  readonly code = 'CALL_REFUSED';
  readonly status: CallStatus;

  constructor(status: CallStatus, message: string) {
    super(message);
    this.name = 'CallRefusal';
    this.status = status;
  }
}

/** The call is over for the courier: it hung up, or its time was up. */
export class CallOverError extends ExpectedError {
  readonly code = 'CALL_OVER';
  readonly status: CallStatus;

  constructor(status: CallStatus, message: string) {
    super(message);
    this.name = 'CallOverError';
    this.status = status;
  }
}

type CallStatus = Exclude<keyof typeof status, 'OK' | 'UNKNOWN'>;

/**
 * What a courier is told about each error that has a code. To the deployed
 * couriers, PERMISSION_DENIED ends the use of a CCA; after anything else they
 * come back with it. Android's knows it only without a message.
 */
const REPLIES: Readonly<Record<string, CallStatus>> = {
  BACKING_UNAVAILABLE: 'UNAVAILABLE',
  BACKING_FULL: 'UNAVAILABLE',
  CCA_FULFILLED: 'PERMISSION_DENIED',
  CDA_NOT_YET_VALID: 'UNAVAILABLE',
  CCA_IN_USE: 'ABORTED',
  COLLECTION_CUT: 'DEADLINE_EXCEEDED',
  CARGO_UNACKNOWLEDGED: 'DEADLINE_EXCEEDED',
};

interface CallReply {
  readonly status: CallStatus;
  /** What the courier is told: nothing that is not its business. Null sends no message at all. */
  readonly details: string | null;
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
  if (!known || !(error instanceof Error)) {
    return { status: 'INTERNAL', details: 'The gateway failed', level: 'error' };
  }
  const details = known === 'PERMISSION_DENIED' ? null : error.message;
  return { status: known, details, level: 'info' };
}

/** How gRPC is told to end a call: what the stream's `error` event takes. */
export function statusOf({ status: name, details }: CallReply): Partial<StatusObject> {
  return details === null
    ? { code: status[name], details: '', metadata: new WithoutMessage() }
    : { code: status[name], details };
}

/** Trailers without `grpc-message`, which grpc-js would otherwise send empty. */
class WithoutMessage extends Metadata {
  override clone(): Metadata {
    return new WithoutMessage();
  }

  override toHttp2Headers(): OutgoingHttpHeaders {
    // Node leaves out a header without a value.
    return { ...super.toHttp2Headers(), 'grpc-message': undefined };
  }
}
