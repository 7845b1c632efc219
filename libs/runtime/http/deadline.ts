import type { IncomingHttpHeaders } from 'node:http';
import type { RouteHandlerMethod } from 'fastify';
import type { Clock } from '#clock/clock.ts';
import { Refusal } from './refusal.ts';

/**
 * A handler that fails with 503 unless `handler` has its answer within
 * `answerWithinMs`. Handlers are called once the body is there, so what a slow
 * client takes to send it does not count.
 *
 * A late handler goes on, as its work may be half done; what comes of it is dropped.
 */
export function withDeadline(
  handler: RouteHandlerMethod,
  {
    answerWithinMs,
    clock,
  }: {
    readonly answerWithinMs: (headers: IncomingHttpHeaders) => number;
    readonly clock: Clock;
  },
): RouteHandlerMethod {
  return async function (request, reply) {
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    let isLate = false;
    const cancel = clock.schedule(answerWithinMs(request.headers), () => {
      isLate = true;
      reject(new Refusal(503, 'The gateway took too long', 'too-late'));
    });
    const answer = (async () => handler.call(this, request, reply))();
    answer.catch((error: unknown) => {
      if (isLate) {
        request.log.warn({ error }, 'A handler failed after its time was up');
      }
    });
    try {
      return await Promise.race([answer, tooLate]);
    } finally {
      cancel();
    }
  };
}
