import type { IncomingHttpHeaders } from 'node:http';
import { BACKING_DEADLINE_MS } from '#backing/calls.ts';
import { BackingError } from '#backing/errors.ts';
import { type Backoff, pauseAfter } from '#bounds/backoff.ts';
import { type Clock, delay } from '#clock/clock.ts';
import { DEFAULT_HTTP_LIMITS } from '#runtime/http/http-limits.ts';

/** How long a client waits for the answer to a parcel, and how much of that storing may take. */
interface ClientPatience {
  readonly answerWithinMs: number;
  readonly storeWithinMs: number;
  /** Whether failing backing calls are retried meanwhile. */
  readonly isRepeated: boolean;
}

/** JavaScript clients give up after 3 to 5 s, and come back. */
const ORDINARY: ClientPatience = {
  answerWithinMs: DEFAULT_HTTP_LIMITS.answerWithinMs,
  storeWithinMs: BACKING_DEADLINE_MS,
  isRepeated: false,
};

/**
 * Android's (ktor on OkHttp) waits 10 s, and after a 503 does not retry before its queue changes:
 * better late than 503.
 */
const PATIENT: ClientPatience = { answerWithinMs: 8_000, storeWithinMs: 6_000, isRepeated: true };

/** A client's patience, by the headers of its request. */
export function clientPatience(headers: IncomingHttpHeaders): ClientPatience {
  return headers['user-agent'] === 'Ktor client' ? PATIENT : ORDINARY;
}

const PAUSE: Backoff = { firstMs: 500, maxMs: 500 };

/**
 * Runs `attempt`; for a patient client, again while a backing service fails and there is time.
 *
 * @param attempt - must end within the milliseconds that it is given
 * @throws what the last attempt threw
 */
export async function patiently<Result>(
  { storeWithinMs, isRepeated }: ClientPatience,
  { clock, random = Math.random }: { readonly clock: Clock; readonly random?: () => number },
  attempt: (withinMs: number) => Promise<Result>,
): Promise<Result> {
  const endMs = clock.elapsedMs() + storeWithinMs;
  for (;;) {
    try {
      return await attempt(endMs - clock.elapsedMs());
    } catch (error) {
      const mayPass = error instanceof BackingError && error.code === 'backing-unavailable';
      const pauseMs = pauseAfter(1, PAUSE, random);
      if (!isRepeated || !mayPass || clock.elapsedMs() + pauseMs > endMs) {
        throw error;
      }
      await delay(clock, pauseMs);
    }
  }
}
