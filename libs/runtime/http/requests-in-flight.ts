import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refusal } from '#awala/errors.ts';
import { inTime } from '#bounds/deadline.ts';
import { FairShares, type Share, type Who } from '#bounds/fair-shares.ts';
import type { Clock } from '#clock/clock.ts';
import type { HttpLimits } from './http-limits.ts';

interface Admitted {
  /** The network that it comes from. */
  readonly who: Who;
  /** Called once the response is sent, or its client left. */
  readonly onEnd: () => void;
  /** Called if the request must go before its body has come, or its answer; it counts no more. */
  readonly giveWay: () => void;
}

interface InFlight {
  readonly who: Who;
  readonly response: ServerResponse;
  readonly share: Share;
}

/** Of requests that have ended, whose bodies are read for nobody any more. */
const NOBODY: Who = ['nobody'];

/**
 * The unanswered requests of an HTTP server: shared fairly between networks, and let finish before
 * it stops.
 */
export class RequestsInFlight {
  readonly #clock: Clock;
  readonly #fairShares: FairShares;
  readonly #requests = new Map<IncomingMessage, InFlight>();
  #isEnding = false;
  #allEnded = () => {};

  /** @param onGivenWay - called for each that gives way to others */
  constructor(
    { maxRequests, idleMs }: Pick<HttpLimits, 'maxRequests' | 'idleMs'>,
    clock: Clock,
    onGivenWay: () => void,
  ) {
    this.#clock = clock;
    this.#fairShares = new FairShares({
      capacity: maxRequests,
      idle: { afterMs: idleMs, clock },
      onGivenWay,
    });
  }

  /** Whether it refuses more. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  get size(): number {
    return this.#requests.size;
  }

  /** @throws {Refusal} `stopping`, `requests-full` */
  admit(
    request: IncomingMessage,
    response: ServerResponse,
    { who, onEnd, giveWay }: Admitted,
  ): void {
    if (this.#isEnding) {
      throw new Refusal('stopping', 'The gateway is about to stop');
    }
    const share = this.#fairShares.take(who, 1, giveWay);
    if (!share) {
      throw requestsFull();
    }
    this.#requests.set(request, { who, response, share });
    response.once('close', () => {
      share.release();
      this.#requests.delete(request);
      onEnd();
      if (this.#requests.size === 0) {
        this.#allEnded();
      }
    });
  }

  /** The network that an admitted request comes from. */
  whoSent(request: IncomingMessage): Who {
    return this.#requests.get(request)?.who ?? NOBODY;
  }

  /** Some of its body came. */
  touch(request: IncomingMessage): void {
    this.#requests.get(request)?.share.touch();
  }

  /**
   * It is answered: it gives way again, as its client may take for ever to read that, and holds up
   * those who come after it on its connection.
   */
  answered(request: IncomingMessage): void {
    this.#requests.get(request)?.share.loosen();
  }

  /** All of it came: from now on it gives way to nobody, as it is soon answered. */
  came(request: IncomingMessage): void {
    this.#requests.get(request)?.share.keep();
  }

  /** Refuses more and gives the present ones `boundMs` to end; then cuts their connections. */
  async end(boundMs: number): Promise<void> {
    this.#isEnding = true;
    if (this.#requests.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#allEnded = resolve;
      await inTime(this.#clock, boundMs, promise, () => {});
      for (const { response } of this.#requests.values()) {
        response.socket?.destroy();
      }
    }
  }
}

/** The refusal of a request that has no place among the others. */
export function requestsFull(): Refusal {
  return new Refusal('requests-full', 'Too many requests at the moment');
}
