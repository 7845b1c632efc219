import type { RefusalCode } from '#awala/errors.ts';
import type { BackingCode } from '#backing/errors.ts';

/** The answer to a failed request. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answers of a route, or of a whole server, by error code. */
export type HttpAnswers = Readonly<Partial<Record<RefusalCode | BackingCode, HttpAnswer>>>;

/** When a client may retry after a 503, in seconds. */
const RETRY_AFTER_SECONDS = 5;

/** The longest that a client is told to stay away, in seconds: an operator may raise a quota. */
const MOST_RETRY_AFTER_SECONDS = 3_600;

/** When a client may retry what may be accepted after some time. */
export function retryAfter(ms: number): Readonly<Record<'Retry-After', string>> {
  const seconds = Math.ceil(ms / 1_000);
  return { 'Retry-After': String(Math.min(seconds, MOST_RETRY_AFTER_SECONDS)) };
}

/** Temporary, and never the client's fault. */
export const UNAVAILABLE = {
  status: 503,
  headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
} as const;

/** The error says when the client may retry, in `Retry-After`. */
export const LATER = { status: 503 } as const;

/** There is no room; the error may say when the client may retry. */
export const NO_ROOM = { status: 507 } as const;

/** The answers of every HTTP server; the tables of routes add to them. */
export const HTTP_ANSWERS = {
  'not-found': { status: 404 },
  method: { status: 405 },
  'media-type': { status: 415 },
  'body-too-large': { status: 413 },
  'body-paused': { status: 408 },
  'requests-full': UNAVAILABLE,
  'bodies-full': UNAVAILABLE,
  'too-late': UNAVAILABLE,
  stopping: UNAVAILABLE,
  'backing-unavailable': UNAVAILABLE,
  'backing-full': NO_ROOM,
  'clock-in-doubt': UNAVAILABLE,
} as const satisfies HttpAnswers;

/** The answer to an unexpected error. */
export const SURPRISE = { status: 500 } as const;

/**
 * Answers to connections that do not speak HTTP, or stop before a request is complete, by Node's
 * error code.
 */
export const PARSER_ANSWERS: Readonly<Record<string, HttpAnswer>> = {
  HPE_HEADER_OVERFLOW: { status: 431 },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413 },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408 },
};

/** The answer for any other code. */
export const NO_HTTP = { status: 400 } as const;
