import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import type { Log } from '#log/log.ts';
import { HTTP_ANSWERS } from './answers.ts';
import { replyTo, sendError } from './error-replies.ts';
import { FastifyLog } from './fastify-log.ts';
import type { HttpLimits } from './http-limits.ts';
import type { RequestIds } from './request-ids.ts';

interface FastifyAppParts {
  readonly limits: HttpLimits;
  readonly log: Log;
  readonly requestIds: RequestIds;
  /** Answers what is no HTTP. */
  readonly handleClientError: (error: NodeJS.ErrnoException, socket: Socket) => void;
  readonly isUpgrade: (request: IncomingMessage) => boolean;
}

/** A fastify instance within our limits on time and size. */
export function createFastifyApp(parts: FastifyAppParts): FastifyInstance {
  const { limits, log, requestIds, handleClientError, isUpgrade } = parts;
  const loggerInstance: FastifyBaseLogger = new FastifyLog(log);
  return fastify({
    loggerInstance,
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'request',
    }),
    genReqId: ({ socket, headers }: IncomingMessage) =>
      requestIds.idOf(socket.remoteAddress, headers[requestIds.header]),
    bodyLimit: limits.maxBodyOctets,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveMs,
    // Requests that arrive during draining are answered: the client cannot know.
    return503OnClosing: false,
    clientErrorHandler: handleClientError,
    frameworkErrors: (error, request, reply) =>
      sendError(request, reply, replyTo(error, HTTP_ANSWERS)),
    http: {
      maxHeaderSize: limits.maxHeaderOctets,
      headersTimeout: limits.headersTimeoutMs,
      // How often Node looks for late requests.
      connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
      shouldUpgradeCallback: isUpgrade,
    },
  });
}
