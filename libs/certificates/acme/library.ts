/**
 * The ACME library, set up once for all: by itself it has no time limit, sleeps for as long as
 * `Retry-After` says, drops the type of problems and the reason why a server cannot be reached, and
 * cannot be told to end a request.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { axios } from 'acme-client';
import { httpDateMs } from '#clock/http-date.ts';
import type { CertificateError } from '../port.ts';
import { certificateError, errorOf, LostAnswerError, type Problem } from './problems.ts';
import { retryAfterMs } from './retry-after.ts';

export { Client, crypto } from 'acme-client';

/** Of silence, in each request to the authority. */
const REQUEST_TIMEOUT_MS = 20_000;
/** Of an answer; certificates have some 5 KiB. */
const MAX_ANSWER_OCTETS = 1_048_576;

/** Problems that the library, or our use of it, deals with: an old nonce, and a new account. */
const NO_FAILURES = [
  'urn:ietf:params:acme:error:badNonce',
  'urn:ietf:params:acme:error:accountDoesNotExist',
];
const CLIENT_ERROR = 400;
const TOO_MANY_REQUESTS = 429;
const SERVER_ERROR = 500;
/** What fronts say when they got no answer from the server behind them: bad gateway, and too late. */
const LOST_ANSWER = [502, 504];

/** What ends the requests of the work that is under way, as the library takes no signal itself. */
const ending = new AsyncLocalStorage<AbortSignal>();

Object.assign(axios.defaults, {
  timeout: REQUEST_TIMEOUT_MS,
  maxContentLength: MAX_ANSWER_OCTETS,
  maxRedirects: 0,
});
axios.defaults.headers.common['User-Agent'] = 'awala-internet-gateway';
// The library's own, which try again.
axios.interceptors.request.clear();
axios.interceptors.response.clear();
axios.interceptors.request.use((config) => {
  const signal = ending.getStore();
  return signal ? Object.assign(config, { signal }) : config;
});
axios.interceptors.response.use((response) => {
  const { status, headers, data } = response;
  const problem: Problem = typeof data === 'object' && data ? data : {};
  if (status >= CLIENT_ERROR && !NO_FAILURES.includes(problem.type ?? '')) {
    const asked = retryAfterMs({
      retryAfter: headers['retry-after'],
      date: headers.date,
      detail: String(problem.detail),
    });
    throw refusalOf(status, problem, asked);
  }
  return response;
});

/**
 * Runs work with the library, each of whose requests ends at once when `signal` is aborted; its
 * sockets are closed.
 */
export function abortable<Result>(
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  return ending.run(signal, work);
}

/**
 * The time by a server's clock, in milliseconds since the epoch; null if it does not say.
 *
 * @throws if it cannot be asked
 */
export async function timeAt(url: string): Promise<number | null> {
  const { headers } = await axios.get(url, { validateStatus: null });
  return httpDateMs({ date: headers.date, age: headers.age });
}

function refusalOf(status: number, problem: Problem, afterMs: number | null): CertificateError {
  if (status === TOO_MANY_REQUESTS) {
    const type = 'urn:ietf:params:acme:error:rateLimited';
    return errorOf({ detail: 'too many requests', ...problem, type }, afterMs);
  }
  if (LOST_ANSWER.includes(status)) {
    return new LostAnswerError(status, afterMs);
  }
  return status >= SERVER_ERROR
    ? certificateError('authority-unavailable', `the authority answered ${status}`, {
        retryAfterMs: afterMs,
      })
    : errorOf(problem, afterMs);
}
