import { type Answer, HttpClient } from '#test/peers/http-client.ts';
import { PATIENCE_MS } from '../answers.ts';

/** No answer came before the client gave up. */
export class SilenceError extends Error {
  readonly code = 'SILENCE';

  constructor() {
    super(`no answer within ${PATIENCE_MS} ms`);
    this.name = 'SilenceError';
  }
}

/** @throws {SilenceError} if it takes longer than a deployed client waits */
export async function patiently<Result>(attempt: Promise<Result>): Promise<Result> {
  const { promise: silence, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new SilenceError()), PATIENCE_MS);
  try {
    return await Promise.race([attempt, silence]);
  } finally {
    clearTimeout(timer);
  }
}

export interface Posting {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

/** Posts over kept-alive connections, and waits as long as a deployed client. */
export class PatientHttp implements Disposable {
  readonly #clients = new Map<number, HttpClient>();

  /** @throws {SilenceError | Error} if no answer came, or the connection ended before */
  async post({ port, path, headers, body }: Posting): Promise<Answer> {
    const client = this.#clients.get(port) ?? new HttpClient(port, { maxSockets: Infinity });
    this.#clients.set(port, client);
    const leaving = new AbortController();
    const answer = client.post(path, { headers, body, signal: leaving.signal });
    answer.catch(() => {});
    try {
      return await patiently(answer);
    } catch (error) {
      leaving.abort();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients.values()) {
      client[Symbol.dispose]();
    }
  }
}
