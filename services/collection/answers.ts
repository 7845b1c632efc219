import { Refusal, type RefusalCode } from '#awala/errors.ts';
import { type BackingCode, BackingError } from '#backing/errors.ts';
import { HTTP_ANSWERS, type HttpAnswers, UNAVAILABLE } from '#runtime/http/answers.ts';
import type { CollectorTraits } from './collector-traits.ts';

/** WebSocket close codes of a collection (RS-016 "Close codes"). */
export const CLOSE = {
  completed: 1000,
  invalidMessage: 1003,
  notAllowed: 1008,
  messageTooLarge: 1009,
  internalError: 1011,
  tryAgain: 4000,
} as const;

/** One of {@link CLOSE}. */
export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];

interface Report {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
}

/** How collections with one kind of failure end. */
interface Closing {
  /** Null ends the connection without a code. */
  readonly code: CloseCode | ((traits: CollectorTraits) => CloseCode | null);
  /** Sent to the client; the error's message by default. */
  readonly reason?: string;
  /** For the log; by default, the collection counts as ended well. */
  readonly log?: Report;
}

const UNEXPECTED = { level: 'info', message: 'A collector sent what it should not' } as const;

const BAD_HANDSHAKE = {
  code: CLOSE.invalidMessage,
  reason: 'The handshake response is not valid',
  log: { level: 'info', message: 'Refused a collection handshake' },
} as const;

const NOT_NOW = {
  code: CLOSE.internalError,
  reason: 'The server could not go on; try again later',
  log: { level: 'warn', message: 'A collection failed' },
} as const;

/** How failed collections end, by error code. */
export const CLOSINGS = {
  browser: { code: CLOSE.notAllowed },
  // Android comes back after a connection just ends, but after no code before its answer.
  'challenge-unanswered': {
    code: ({ mergesDeliveries }) => (mergesDeliveries ? CLOSE.tryAgain : null),
  },
  malformed: BAD_HANDSHAKE,
  signature: BAD_HANDSHAKE,
  algorithm: BAD_HANDSHAKE,
  expired: BAD_HANDSHAKE,
  'not-yet-valid': BAD_HANDSHAKE,
  certificate: BAD_HANDSHAKE,
  'untrusted-path': BAD_HANDSHAKE,
  'message-unexpected': { code: CLOSE.invalidMessage, log: UNEXPECTED },
  'message-too-large': { code: CLOSE.messageTooLarge, log: UNEXPECTED },
  'message-overdue': { code: comeBack, log: UNEXPECTED },
  'acknowledgement-unknown': { code: CLOSE.invalidMessage, log: UNEXPECTED },
  'acknowledgement-overdue': {
    code: comeBack,
    log: { level: 'info', message: 'A collector stopped acknowledging' },
  },
  'peer-blocked': {
    code: stayAway,
    log: { level: 'info', message: 'Sent a blocked collector away' },
  },
  stopping: { code: comeBack },
  'backing-unavailable': NOT_NOW,
  'backing-full': NOT_NOW,
  'clock-in-doubt': NOT_NOW,
} as const satisfies Partial<Record<RefusalCode | BackingCode, Closing>>;

/** The ending for an unexpected error. */
const SURPRISE: Ending = { ...NOT_NOW, log: { ...NOT_NOW.log, level: 'error' } };

/** `ws` closes by itself, with RFC 6455's codes; this is for the log. */
export const NO_WEBSOCKET: Ending = {
  code: CLOSE.invalidMessage,
  reason: 'This is no WebSocket message of a collector',
  log: UNEXPECTED,
};

/** Answers on the path of collection before there is a WebSocket. */
export const REQUEST_ANSWERS = {
  ...HTTP_ANSWERS,
  // RFC 9110 §15.5.22
  'no-websocket': { status: 426, headers: { Upgrade: 'websocket' } },
  'collectors-full': UNAVAILABLE,
} as const satisfies HttpAnswers;

/**
 * The code that makes a client come back soon after the server can no longer serve it: 4000, except
 * for the JavaScript client that keeps alive. That reports 4000 as an error, and reconnects by
 * itself only after 1000, which ends an Android client's kept-alive collection.
 */
function comeBack({ keepAlive, mergesDeliveries }: CollectorTraits): CloseCode {
  return keepAlive && mergesDeliveries ? CLOSE.completed : CLOSE.tryAgain;
}

/**
 * The code after which a client that keeps alive stays away for the time being. After any other, an
 * Android client comes back every three seconds; the JavaScript client does so after 1000.
 */
function stayAway({ keepAlive, mergesDeliveries }: CollectorTraits): CloseCode {
  return keepAlive && !mergesDeliveries ? CLOSE.completed : CLOSE.notAllowed;
}

/** How a collection ends. */
export interface Ending {
  readonly code: CloseCode | null;
  readonly reason: string;
  readonly log?: Report | undefined;
}

/**
 * The ending for a failed collection.
 *
 * @param error - without a row, it is a surprise
 */
export function endingFor(error: unknown, traits: CollectorTraits): Ending {
  const isKnown = error instanceof Refusal || error instanceof BackingError;
  const closings: Partial<Record<RefusalCode | BackingCode, Closing>> = CLOSINGS;
  const closing = isKnown ? closings[error.code] : undefined;
  if (!isKnown || !closing) {
    return SURPRISE;
  }
  const { code, reason = error.message, log } = closing;
  return { code: typeof code === 'function' ? code(traits) : code, reason, log };
}
