import type { OutgoingHttpHeaders } from 'node:http2';
import { Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { Refusal, type RefusalCode } from '#awala/errors.ts';
import { type BackingCode, BackingError } from '#backing/errors.ts';

type CallStatus = Exclude<keyof typeof status, 'OK' | 'UNKNOWN'>;

/** How a failed call ends. */
interface CallAnswer {
  readonly status: CallStatus;
  /** What the courier is told; by default the error's message. */
  readonly details?: (message: string) => string;
  /** Level in the log; `info` by default. */
  readonly level?: 'debug' | 'warn';
}

const BAD_CCA = {
  status: 'UNAUTHENTICATED',
  details: (message: string) => `The CCA is not valid: ${message}`,
} as const;

const NOT_NOW = {
  status: 'UNAVAILABLE',
  details: () => 'The gateway cannot do this now; try again later',
  level: 'warn',
} as const;

/**
 * The answers to couriers. To deployed ones, PERMISSION_DENIED ends the use of a CCA; after
 * anything else they show it again.
 *
 * There are no rows for faults of cargo in `DeliverCargo`: it is acknowledged and dropped, as its
 * courier cannot fix it.
 *
 * @see RS-008
 */
export const CALL_ANSWERS = {
  malformed: BAD_CCA,
  signature: BAD_CCA,
  algorithm: BAD_CCA,
  expired: BAD_CCA,
  'not-yet-valid': BAD_CCA,
  certificate: BAD_CCA,
  'untrusted-path': BAD_CCA,
  decryption: BAD_CCA,
  'wrong-recipient': {
    status: 'INVALID_ARGUMENT',
    details: () => 'The CCA is for another gateway',
  },
  'cca-missing': { status: 'UNAUTHENTICATED' },
  'cca-fulfilled': { status: 'PERMISSION_DENIED' },
  'cca-in-use': { status: 'ABORTED' },
  'cda-not-yet-valid': { status: 'UNAVAILABLE' },
  // The courier keeps the CCA, and goes on with those of others.
  'peer-blocked': { status: 'UNAVAILABLE' },
  'collection-cut': { status: 'DEADLINE_EXCEEDED' },
  'cargo-unacknowledged': { status: 'DEADLINE_EXCEEDED' },
  'acknowledgement-unknown': { status: 'INVALID_ARGUMENT' },
  'half-closed': { status: 'ABORTED' },
  'delivery-id-too-long': { status: 'INVALID_ARGUMENT' },
  idle: { status: 'DEADLINE_EXCEEDED', level: 'debug' },
  'not-reading': { status: 'DEADLINE_EXCEEDED', level: 'debug' },
  'call-time-up': { status: 'DEADLINE_EXCEEDED', level: 'debug' },
  'message-too-large': { status: 'RESOURCE_EXHAUSTED' },
  'message-crumbled': { status: 'RESOURCE_EXHAUSTED' },
  'message-compressed': { status: 'UNIMPLEMENTED' },
  'message-overdue': { status: 'DEADLINE_EXCEEDED' },
  'service-unknown': { status: 'NOT_FOUND' },
  'requests-full': { status: 'RESOURCE_EXHAUSTED' },
  'watches-full': { status: 'UNAVAILABLE' },
  'calls-full': { status: 'UNAVAILABLE' },
  'over-quota': { status: 'UNAVAILABLE' },
  'over-share': { status: 'UNAVAILABLE' },
  'too-late': { status: 'UNAVAILABLE' },
  stopping: { status: 'UNAVAILABLE' },
  'backing-unavailable': NOT_NOW,
  'backing-full': NOT_NOW,
  'clock-in-doubt': NOT_NOW,
} as const satisfies Partial<Record<RefusalCode | BackingCode, CallAnswer>>;

interface CallReply {
  readonly status: CallStatus;
  readonly details: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
}

/**
 * The reply to a failed call.
 *
 * @param error - without a row, it is a surprise
 */
export function replyTo(error: unknown): CallReply {
  if (error instanceof Refusal || error instanceof BackingError) {
    const answers: Partial<Record<RefusalCode | BackingCode, CallAnswer>> = CALL_ANSWERS;
    const answer = answers[error.code];
    if (answer) {
      const { status: name, details = (message) => message, level = 'info' } = answer;
      return { status: name, details: details(error.message), level };
    }
  }
  return { status: 'INTERNAL', details: 'The gateway failed', level: 'error' };
}

/** What gRPC takes to end a call. */
type CallEnding = Pick<StatusObject, 'code' | 'details'> & Partial<StatusObject>;

/** Puts a reply into gRPC's terms. */
export function statusOf({ status: name, details }: CallReply): CallEnding {
  // Android's courier knows this status only without a message.
  return name === 'PERMISSION_DENIED'
    ? { code: status[name], details: '', metadata: new WithoutMessage() }
    : { code: status[name], details };
}

/** The status of a call that is refused outside of {@link CourierCall}. */
export function refusedWith(code: RefusalCode, message: string): CallEnding {
  return statusOf(replyTo(new Refusal(code, message)));
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
