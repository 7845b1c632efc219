import { Refusal, type RefusalCode } from '#awala/errors.ts';
import { type BackingCode, BackingError } from '#backing/errors.ts';
import { HTTP_ANSWERS, type HttpAnswers, UNAVAILABLE } from '#runtime/http/answers.ts';
import type { CollectorTraits } from './collector-traits.ts';

/** WebSocket close codes of a collection (RS-016 "Close codes"). */
export const CLOSE = {
  completed: 1000,
  invalidMessage: 1003,
  browserRefused: 1008,
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

/** How collections that fail in one way are ended. */
interface Closing {
  /** Null ends the connection without a code. */
  readonly code: CloseCode | ((traits: CollectorTraits) => CloseCode | null);
  /** What the client is told; the error's message by default. */
  readonly reason?: string;
  /** To the log; by default it is told as if the collection had ended well. */
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

/** How collections that cannot go on are ended. */
export const CLOSINGS = {
  browser: { code: CLOSE.browserRefused },
  // Android comes back from a connection that just ends, and from no code before its answer.
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
  stopping: { code: comeBack },
  'backing-unavailable': NOT_NOW,
  'backing-full': NOT_NOW,
  'clock-in-doubt': NOT_NOW,
} as const satisfies Partial<Record<RefusalCode | BackingCode, Closing>>;

/** Nobody foresaw the error. */
const SURPRISE: Ending = { ...NOT_NOW, log: { ...NOT_NOW.log, level: 'error' } };

/** `ws` closes with the code that RFC 6455 has for what is wrong; so these are told the log alone. */
export const NO_WEBSOCKET: Ending = {
  code: CLOSE.invalidMessage,
  reason: 'This is no WebSocket message of a collector',
  log: UNEXPECTED,
};

/** What is answered on the path of collection until there is a WebSocket. */
export const REQUEST_ANSWERS = {
  ...HTTP_ANSWERS,
  // RFC 9110 §15.5.22
  'no-websocket': { status: 426, headers: { Upgrade: 'websocket' } },
  'collectors-full': UNAVAILABLE,
} as const satisfies HttpAnswers;

/**
 * How to end a collection that the server can no longer serve, so that the client
 * comes back at once. 4000 says so; but the JavaScript client reports it as an
 * error and reconnects by itself only after 1000, while to the Android client
 * 1000 ends a collection that was to be kept alive.
 */
function comeBack({ keepAlive, mergesDeliveries }: CollectorTraits): CloseCode {
  return keepAlive && mergesDeliveries ? CLOSE.completed : CLOSE.tryAgain;
}

/** How one collection is ended. */
export interface Ending {
  readonly code: CloseCode | null;
  readonly reason: string;
  readonly log?: Report | undefined;
}

/** @param error - what made a collection fail; one that has no row is a surprise */
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
