import type { Challenges } from '#certificates/acme/authority.ts';
import { CertificateError } from '#certificates/port.ts';
import type { ProcessParts } from '#composition/process-parts.ts';
import type { HttpServer } from '#runtime/http/http-server.ts';
import { startFailure } from '#runtime/start-failures.ts';
import { ChallengeAnswers } from './challenge-answers.ts';
import { createRedirectServer } from './redirect-server.ts';

interface PlainPortConfig {
  readonly host: string;
  readonly port: number;
  /** The host to send clients to. */
  readonly name: string;
}

/**
 * The public port without TLS. The gateway serves without it, too: where something else has the
 * port, it only gets no certificate from an authority.
 */
export class PlainPort implements Challenges, AsyncDisposable {
  readonly #config: PlainPortConfig;
  readonly #parts: ProcessParts;
  readonly #answers = new ChallengeAnswers();
  #server: HttpServer | null = null;

  constructor(config: PlainPortConfig, parts: ProcessParts) {
    this.#config = config;
    this.#parts = parts;
  }

  /** The port in use; null while there is none. */
  get port(): number | null {
    return this.#server?.port ?? null;
  }

  /**
   * Listens, unless it does already.
   *
   * @throws {CertificateError} `challenge-port`, if it cannot
   */
  async open(): Promise<void> {
    if (this.#server) {
      return;
    }
    const server = createRedirectServer(this.#config, this.#answers, this.#parts);
    try {
      await server.listen();
      this.#server = server;
    } catch (cause) {
      await server[Symbol.asyncDispose]();
      const detail = `HTTP_PORT: ${startFailure(cause)}; stop what else uses the port, or let systemd pass the socket`;
      throw new CertificateError('challenge-port', detail, { cause });
    }
  }

  answer(token: string, answer: string): void {
    this.#answers.set(token, answer);
  }

  forget(token: string): void {
    this.#answers.delete(token);
  }

  leaveToSuccessor(): void {
    this.#server?.leaveToSuccessor();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }
}
