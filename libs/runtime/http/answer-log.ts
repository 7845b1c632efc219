import type { Log, LogFields } from '#log/log.ts';
import type { ErrorReply } from './error-replies.ts';

/** Why a request failed, and what it was answered. */
export interface Failure {
  readonly error: unknown;
  readonly answer: ErrorReply;
}

interface Answer {
  readonly fields: LogFields;
  /** The node that the request proved to come from. */
  readonly peer: string | null;
  readonly failure: Failure | null;
}

/**
 * The one line that each request leaves. Of one that failed it says why and, as far as that is known,
 * whose it was; of one that went well not, as lines about its parcel are found by the same request.
 *
 * @param level - unless it is our fault: then `warn`, or `error` for a surprise
 */
export function logAnswer(
  log: Log,
  level: 'info' | 'debug',
  { fields, peer, failure }: Answer,
): void {
  if (!failure) {
    log[level](fields, 'Answered');
    return;
  }
  const { error, answer } = failure;
  const named = { ...fields, reason: answer.reason, ...(peer !== null && { peer }) };
  if (answer.isSurprise) {
    log.error({ ...named, error }, 'A request failed');
  } else if (answer.status >= 500) {
    log.warn({ ...named, error }, 'A request could not be served');
  } else {
    log[level](named, 'Answered');
  }
}
