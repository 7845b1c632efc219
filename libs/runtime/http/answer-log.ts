import type { Log, LogFields } from '#log/log.ts';
import type { ErrorReply } from './error-replies.ts';

/** Why a request failed, and how it was answered. */
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
 * Logs a request's one line. For a failed request it says why and, if known, whose it was. For a
 * successful one it does not: its parcel's lines carry the same request id.
 *
 * @param level - unless the failure is ours: then `warn`, or `error` for a surprise
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
