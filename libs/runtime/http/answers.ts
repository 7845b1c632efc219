import type { RefusalCode } from '#awala/errors.ts';
import type { BackingCode } from '#backing/errors.ts';

/** What a request that fails is answered: a status, with headers if any go with it. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a route, or a whole server, answers to each error that it knows. */
export type HttpAnswers = Readonly<Partial<Record<RefusalCode | BackingCode, HttpAnswer>>>;

/** When a client that was told 503 may come back, in seconds. */
const RETRY_AFTER_SECONDS = 5;

/** Not now, but soon: never used for what is the client's fault. */
export const UNAVAILABLE = {
  status: 503,
  headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
} as const;

/** What every HTTP server of ours answers; the tables of routes add to it. */
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
  'backing-full': { status: 507 },
  'clock-in-doubt': UNAVAILABLE,
} as const satisfies HttpAnswers;

/** Nobody foresaw the error. */
export const SURPRISE = { status: 500 } as const;

/** What is no HTTP, or stops being so before there is a request, by Node's code for it. */
export const PARSER_ANSWERS: Readonly<Record<string, HttpAnswer>> = {
  HPE_HEADER_OVERFLOW: { status: 431 },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413 },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408 },
};

/** The same for any other code. */
export const NO_HTTP = { status: 400 } as const;
