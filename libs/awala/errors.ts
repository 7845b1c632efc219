import { ExpectedError } from './expected-error.ts';

/**
 * The octets are not what they claim to be: wrong tags, lengths, text or
 * structure. Whoever produced them has a bug or is probing; sending the same
 * octets again can never succeed.
 */
export class MalformedMessageError extends ExpectedError {
  readonly code = 'MALFORMED';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MalformedMessageError';
  }
}

/**
 * Why something well-formed was refused. The values are stable: they are labels
 * of metrics and fields of logs.
 *
 * - `signature`: a signature is not by the key it claims, or not over these octets
 * - `algorithm`: an algorithm, key type or key size that RS-018 rules out
 * - `expired`: the message, or a certificate it needs, is past its end
 * - `not-yet-valid`: the message, or a certificate it needs, starts in the future beyond the clock drift tolerated
 * - `certificate`: a certificate is missing or is unfit for the use made of it
 * - `untrusted-path`: no certification path leads to a trusted certificate
 * - `wrong-recipient`: the message, or its sender's authorisation, is for another node
 * - `wrong-key`: an authorisation was granted to another key than the one presented
 * - `rate-limit`: the sender's authorisation allows no more for now
 * - `decryption`: the payload cannot be decrypted with the session key it names
 */
export type InvalidReason =
  | 'signature'
  | 'algorithm'
  | 'expired'
  | 'not-yet-valid'
  | 'certificate'
  | 'untrusted-path'
  | 'wrong-recipient'
  | 'wrong-key'
  | 'rate-limit'
  | 'decryption';

/** Well-formed, but must be refused for the `reason` given. */
export class InvalidMessageError extends ExpectedError {
  readonly code = 'INVALID';
  readonly reason: InvalidReason;

  constructor(reason: InvalidReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InvalidMessageError';
    this.reason = reason;
  }
}

/** What is wrong with a message, as against what failed on our side. */
type MessageFault = MalformedMessageError | InvalidMessageError;

export function isMessageFault(error: unknown): error is MessageFault {
  return error instanceof MalformedMessageError || error instanceof InvalidMessageError;
}

/** The label of a fault in metrics and logs. */
export function reasonOf(fault: MessageFault): InvalidReason | 'malformed' {
  return fault instanceof MalformedMessageError ? 'malformed' : fault.reason;
}
