/** The faults of a message, or of anything else that peers sign. */
export const FAULT_CODES = [
  'malformed',
  'signature',
  'algorithm',
  'expired',
  'not-yet-valid',
  'certificate',
  'untrusted-path',
  'withdrawn',
  'wrong-recipient',
  'wrong-key',
  'rate-limit',
  'decryption',
] as const;

/**
 * Every reason to refuse a peer something. The codes are stable: logs and metrics show them as
 * `reason`. docs/errors.md says what each means, how services answer, and what the client should
 * do.
 */
export const REFUSAL_CODES = [
  ...FAULT_CODES,

  // HTTP requests
  'not-found',
  'method',
  'media-type',
  'body-too-large',
  'body-paused',
  'countersignature-malformed',
  'countersignature-invalid',
  'no-websocket',

  // WebSockets that collect parcels
  'browser',
  'challenge-unanswered',
  'acknowledgement-overdue',

  // Couriers' calls
  'cca-missing',
  'cca-fulfilled',
  'cca-in-use',
  'cda-not-yet-valid',
  'cargo-unacknowledged',
  'collection-cut',
  'half-closed',
  'delivery-id-too-long',
  'idle',
  'not-reading',
  'call-time-up',
  'message-compressed',
  'message-crumbled',
  'service-unknown',

  // Whom an operator shut out, or did not let in
  'peer-blocked',
  'not-invited',

  // Either of the two
  'acknowledgement-unknown',
  'message-unexpected',
  'message-too-large',
  'message-overdue',

  // No room, or no time
  'over-quota',
  'over-share',
  'requests-full',
  'bodies-full',
  'registrations-full',
  'collectors-full',
  'calls-full',
  'watches-full',
  'too-late',
  'stopping',
] as const;

/** One of {@link FAULT_CODES}. */
export type FaultCode = (typeof FAULT_CODES)[number];
/** One of {@link REFUSAL_CODES}. */
export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** An Error without a stack, at a fifteenth of the cost. */
class WithoutStack {
  readonly message: string;
  readonly name: string = 'ExpectedError';
  declare readonly cause?: unknown;

  constructor(message: string, options?: ErrorOptions) {
    this.message = message;
    if (options && 'cause' in options) {
      this.cause = options.cause;
    }
  }
}
// Error's constructor is what captures the stack.
Object.setPrototypeOf(WithoutStack.prototype, Error.prototype);

/** To TypeScript, a subclass of Error. */
const ExpectedError = WithoutStack as unknown as new (
  message: string,
  options?: ErrorOptions,
) => Error;

interface RefusalOptions extends ErrorOptions {
  /** After how long the same may be accepted; null, as by default, where that is not known. */
  readonly againInMs?: number | null;
}

/**
 * Base of all refusals to peers. Each service's `answers.ts` maps codes to answers; routes and
 * handlers just throw.
 *
 * Peers can cause refusals at will. So they have no stack, which would cost more than most
 * refusals, and fill the log.
 */
export class Refusal extends ExpectedError {
  readonly code: RefusalCode;
  readonly againInMs: number | null;

  /** @param message - may be shown to the peer, so reveal nothing about the gateway's inside */
  constructor(code: RefusalCode, message: string, options?: RefusalOptions) {
    super(message, options);
    this.name = 'Refusal';
    this.code = code;
    this.againInMs = options?.againInMs ?? null;
  }
}

/** Whether `error` is a {@link Refusal} with one of these codes. */
export function isRefusal(error: unknown, ...codes: readonly RefusalCode[]): error is Refusal {
  return error instanceof Refusal && codes.includes(error.code);
}

/** The message itself is at fault, whoever brings it and however. */
export class MessageFault extends Refusal {
  declare readonly code: FaultCode;

  constructor(code: FaultCode, message: string, options?: RefusalOptions) {
    super(code, message, options);
    this.name = 'MessageFault';
  }
}

/**
 * The octets are not what they claim to be: wrong tags, lengths, text or structure. Their author
 * has a bug or is probing; sending them again never succeeds.
 */
export class MalformedMessageError extends MessageFault {
  declare readonly code: 'malformed';

  constructor(message: string, options?: ErrorOptions) {
    super('malformed', message, options);
    this.name = 'MalformedMessageError';
  }
}

/** Well-formed, but must be refused. */
export class InvalidMessageError extends MessageFault {
  declare readonly code: Exclude<FaultCode, 'malformed'>;

  constructor(code: Exclude<FaultCode, 'malformed'>, message: string, options?: RefusalOptions) {
    super(code, message, options);
    this.name = 'InvalidMessageError';
  }
}

/** The peer hung up; nobody is left to answer. */
export class PeerGoneError extends ExpectedError {
  readonly code = 'PEER_GONE';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PeerGoneError';
  }
}
