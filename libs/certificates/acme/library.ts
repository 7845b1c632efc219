/**
 * The ACME library, set up once for all: by itself it has no time limit, sleeps for as long as
 * `Retry-After` says, and drops the type of problems and the reason why a server cannot be reached.
 */
import { axios } from 'acme-client';
import type { CertificateError } from '../port.ts';
import { certificateError, errorOf, type Problem } from './problems.ts';
import { retryAfterMs } from './retry-after.ts';

export { Client, crypto } from 'acme-client';

/** For each request to the authority. */
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

Object.assign(axios.defaults, {
  timeout: REQUEST_TIMEOUT_MS,
  maxContentLength: MAX_ANSWER_OCTETS,
  maxRedirects: 0,
});
axios.defaults.headers.common['User-Agent'] = 'awala-internet-gateway';
// The library's own, which try again.
axios.interceptors.request.clear();
axios.interceptors.response.clear();
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

function refusalOf(status: number, problem: Problem, afterMs: number | null): CertificateError {
  if (status === TOO_MANY_REQUESTS) {
    const type = 'urn:ietf:params:acme:error:rateLimited';
    return errorOf({ detail: 'too many requests', ...problem, type }, afterMs);
  }
  return status >= SERVER_ERROR
    ? certificateError('authority-unavailable', `the authority answered ${status}`, {
        retryAfterMs: afterMs,
      })
    : errorOf(problem, afterMs);
}
