import type { IncomingHttpHeaders } from 'node:http';
import type { RouteHandlerMethod } from 'fastify';
import { Refusal } from '#awala/errors.ts';
import { inTime } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';

/**
 * A handler that throws unless `handler` answers within `answerWithinMs`. Handlers are called once
 * the body has arrived, so a slow client's upload does not count.
 *
 * A late handler goes on, as its work may be half done; its result is dropped.
 */
export function answeredInTime(
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
    let isLate = false;
    const answer = (async () => handler.call(this, request, reply))();
    answer.catch((error: unknown) => {
      if (isLate) {
        request.log.warn({ error }, 'A handler failed after its deadline');
      }
    });
    return inTime(clock, answerWithinMs(request.headers), answer, () => {
      isLate = true;
      throw new Refusal('too-late', 'The gateway took too long');
    });
  };
}
