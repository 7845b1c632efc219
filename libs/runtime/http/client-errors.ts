import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '#clock/clock.ts';
import { type HttpAnswer, NO_HTTP, PARSER_ANSWERS } from './answers.ts';

/** Answers connections that do not speak HTTP, or stop before a request is complete. */
export class ClientErrors {
  readonly #clock: Clock;
  readonly #lingerMs: number;
  readonly #responses = new WeakMap<Socket, ServerResponse>();

  constructor({ clock, lingerMs }: { readonly clock: Clock; readonly lingerMs: number }) {
    this.#clock = clock;
    this.#lingerMs = lingerMs;
  }

  /** Call it for each `request` event, as nothing may be written into the middle of a response. */
  readonly began = (request: IncomingMessage, response: ServerResponse): void => {
    this.#responses.set(request.socket, response);
  };

  /** Call it for each `clientError` event of the HTTP server. */
  readonly handle = (error: NodeJS.ErrnoException, socket: Socket): void => {
    const response = this.#responses.get(socket);
    const isAnswering = response?.headersSent === true && !response.writableFinished;
    if (error.code === 'ECONNRESET' || isAnswering) {
      socket.destroy();
      return;
    }
    if (socket.writable) {
      socket.end(plainResponse(PARSER_ANSWERS[error.code ?? ''] ?? NO_HTTP));
      this.linger(socket);
    }
  };

  /** Gives a refused client time to read why, whatever it still sends. */
  linger(socket: Socket): void {
    const cancel = this.#clock.schedule(this.#lingerMs, () => socket.destroy());
    socket.once('close', cancel);
  }
}

function plainResponse({ status }: HttpAnswer): string {
  const message = STATUS_CODES[status] ?? 'Bad Request';
  return [
    `HTTP/1.1 ${status} ${message}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${message.length}`,
    '',
    message,
  ].join('\r\n');
}
