import type { ServerResponse } from 'node:http';
import { Refusal } from '#awala/errors.ts';
import { inTime } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';

/** The unanswered requests of an HTTP server: limited in number, and let finish before it stops. */
export class RequestsInFlight {
  readonly #max: number;
  readonly #clock: Clock;
  readonly #responses = new Set<ServerResponse>();
  #isEnding = false;
  #allEnded = () => {};

  constructor(max: number, clock: Clock) {
    this.#max = max;
    this.#clock = clock;
  }

  /** Whether it refuses more. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  get size(): number {
    return this.#responses.size;
  }

  /**
   * @param onEnd - called once the response is sent, or its client left
   * @throws {Refusal} `stopping`, `requests-full`
   */
  admit(response: ServerResponse, onEnd: () => void): void {
    if (this.#isEnding) {
      throw new Refusal('stopping', 'The gateway is about to stop');
    }
    if (this.#responses.size >= this.#max) {
      throw new Refusal('requests-full', 'Too many requests at the moment');
    }
    this.#responses.add(response);
    response.once('close', () => {
      this.#responses.delete(response);
      onEnd();
      if (this.#responses.size === 0) {
        this.#allEnded();
      }
    });
  }

  /** Refuses more and gives the present ones `boundMs` to end; then cuts their connections. */
  async end(boundMs: number): Promise<void> {
    this.#isEnding = true;
    if (this.#responses.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#allEnded = resolve;
      await inTime(this.#clock, boundMs, promise, () => {});
      for (const { socket } of this.#responses) {
        socket?.destroy();
      }
    }
  }
}
