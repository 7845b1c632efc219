import { STATUS_CODES } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '#awala/errors.ts';
import { type BackingCode, BackingError } from '#backing/errors.ts';
import { type HttpAnswer, type HttpAnswers, retryAfter, SURPRISE } from './answers.ts';

/** The answer to a failed request, with what the log needs. */
export interface ErrorReply extends HttpAnswer {
  /** For the client: reveals nothing about the server's inside. */
  readonly message: string;
  /** For logs: from a bounded set. */
  readonly reason: string;
  /** Whether the error is unexpected. */
  readonly isSurprise: boolean;
}

const BACKING_MESSAGES: Readonly<Record<BackingCode, string>> = {
  'backing-unavailable': 'The gateway cannot do this at the moment',
  'backing-full': 'The gateway has no room left at the moment',
  'clock-in-doubt': 'The gateway cannot do this at the moment',
};

/**
 * The answer to an error.
 *
 * @param answers - the route's; an error that is not among them is a surprise
 */
export function replyTo(error: unknown, answers: HttpAnswers): ErrorReply {
  if (error instanceof Refusal || error instanceof BackingError) {
    const answer = answers[error.code];
    if (answer) {
      return error instanceof Refusal
        ? {
            ...answer,
            headers: { ...answer.headers, ...(error.againInMs && retryAfter(error.againInMs)) },
            message: error.message,
            reason: error.code,
            isSurprise: false,
          }
        : {
            ...answer,
            message: BACKING_MESSAGES[error.code],
            reason: error.reason,
            isSurprise: false,
          };
    }
  }
  const status = frameworkStatus(error);
  if (status !== null) {
    const message = STATUS_CODES[status] ?? 'Bad Request';
    return { status, message, reason: `http-${status}`, isSurprise: false };
  }
  const message = 'The gateway failed to process the request';
  return { ...SURPRISE, message, reason: 'surprise', isSurprise: true };
}

/** Sends an error as RS-007 asks: JSON if the client accepts that, plain text otherwise. */
export function sendError(
  { headers: { accept = '' } }: Pick<FastifyRequest, 'headers'>,
  reply: FastifyReply,
  { status, headers = {}, message }: ErrorReply,
): FastifyReply {
  reply.code(status).headers(headers);
  return accept.toLowerCase().includes('application/json')
    ? reply.type('application/json; charset=utf-8').send(JSON.stringify({ message }))
    : reply.type('text/plain; charset=utf-8').send(message);
}

/**
 * The status of an error of the HTTP framework, such as for an invalid media type; null unless it
 * is the client's fault.
 */
function frameworkStatus(error: unknown): number | null {
  const status =
    error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : Number.NaN;
  return status >= 400 && status <= 499 ? status : null;
}
