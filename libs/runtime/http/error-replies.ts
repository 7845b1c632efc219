import { STATUS_CODES } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';
import { Refusal } from './refusal.ts';

/** When a client that was told 503 may come back, in seconds. */
const RETRY_AFTER_SECONDS = 5;

/** What a failed request is answered with. */
export interface ErrorReply {
  readonly status: number;
  /** For the client: nothing of the server's inside. */
  readonly message: string;
  /** For logs: from a bounded set. */
  readonly reason: string;
  /** Whether nobody foresaw it. */
  readonly isSurprise: boolean;
}

/**
 * The one table from errors to answers. A failing backing service is answered
 * 503, or 507 if it is full: never as the client's fault.
 */
export function replyTo(error: unknown): ErrorReply {
  if (error instanceof Refusal) {
    const { statusCode: status, message, reason } = error;
    return { status, message, reason, isSurprise: false };
  }
  if (error instanceof BackingUnavailableError) {
    const message = 'The gateway cannot do this at the moment';
    return { status: 503, message, reason: `${error.backing}-unavailable`, isSurprise: false };
  }
  if (error instanceof BackingFullError) {
    const message = 'The gateway has no room left at the moment';
    return { status: 507, message, reason: `${error.backing}-full`, isSurprise: false };
  }
  const status = clientErrorStatus(error);
  if (status !== null) {
    const message = STATUS_CODES[status] ?? 'Bad Request';
    return { status, message, reason: `http-${status}`, isSurprise: false };
  }
  const message = 'The gateway failed to process the request';
  return { status: 500, message, reason: 'surprise', isSurprise: true };
}

/** Sends an error as RS-007 asks: JSON if the client accepts that, plain text otherwise. */
export function sendError(
  { headers }: Pick<FastifyRequest, 'headers'>,
  reply: FastifyReply,
  { status, message }: ErrorReply,
): FastifyReply {
  reply.code(status);
  if (status === 503) {
    reply.header('retry-after', RETRY_AFTER_SECONDS);
  }
  return (headers.accept ?? '').toLowerCase().includes('application/json')
    ? reply.type('application/json; charset=utf-8').send(JSON.stringify({ message }))
    : reply.type('text/plain; charset=utf-8').send(message);
}

/** Of an error that the HTTP framework made, such as an invalid media type. */
function clientErrorStatus(error: unknown): number | null {
  const status =
    error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : Number.NaN;
  return status >= 400 && status <= 499 ? status : null;
}
