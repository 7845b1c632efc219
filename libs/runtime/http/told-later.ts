import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import type { AnsweredRequest } from '../metrics.ts';
import { HTTP_ANSWERS } from './answers.ts';
import { lingerUnlessComplete } from './linger.ts';
import { requestsFull } from './requests-in-flight.ts';

/** How often the log says how many were told. */
const LOGGED_EVERY_MS = 1_000;

interface ToldLaterParts {
  /** Of the server, for the log. */
  readonly name: string;
  readonly log: Log;
  readonly clock: Clock;
  /** How long a refused client may go on sending. */
  readonly lingerMs: number;
  readonly onTold: (request: AnsweredRequest) => void;
}

/** An answer that is written as it is: name, value, name, value. */
interface PreparedAnswer {
  readonly headers: readonly string[];
  readonly body: string;
}

/**
 * Tells clients to come later for as little as possible: without routing, and with one line of the
 * log for all of a second.
 */
export class ToldLater {
  readonly #parts: ToldLaterParts;
  readonly #text: PreparedAnswer;
  readonly #json: PreparedAnswer;
  #count = 0;

  constructor(parts: ToldLaterParts) {
    this.#parts = parts;
    const { message } = requestsFull();
    this.#text = prepared('text/plain', message);
    this.#json = prepared('application/json', JSON.stringify({ message }));
  }

  tell(request: IncomingMessage, response: ServerResponse): void {
    const { status } = HTTP_ANSWERS['requests-full'];
    const isForJson = request.headers.accept?.toLowerCase().includes('application/json') ?? false;
    const { headers, body } = isForJson ? this.#json : this.#text;
    const { clock, lingerMs } = this.#parts;
    response.once('finish', () => lingerUnlessComplete(request, clock, lingerMs));
    response.writeHead(status, [...headers]).end(body);
    this.#parts.onTold({
      method: request.method ?? '',
      route: 'none',
      status,
      seconds: 0,
      unserved: 'overload',
    });
    this.#logSoon();
  }

  #logSoon(): void {
    this.#count += 1;
    if (this.#count === 1) {
      const { name, log, clock } = this.#parts;
      clock.schedule(LOGGED_EVERY_MS, () => {
        log.warn({ server: name, requests: this.#count }, 'Told requests to come later');
        this.#count = 0;
      });
    }
  }
}

function prepared(type: string, body: string): PreparedAnswer {
  const { headers } = HTTP_ANSWERS['requests-full'];
  const all = {
    ...headers,
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Length': String(Buffer.byteLength(body)),
  };
  return { headers: Object.entries(all).flat(), body };
}
