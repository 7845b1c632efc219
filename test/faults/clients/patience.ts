import { Agent, request } from 'node:http';
import { PATIENCE_MS } from '../answers.ts';

/** No answer came for as long as a client waits. */
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

export interface Answered {
  readonly status: number;
  readonly body: Buffer;
}

/** Posts over kept connections, waiting no longer than a deployed client. */
export class PatientHttp implements Disposable {
  readonly #agent = new Agent({ keepAlive: true });

  /** @throws {SilenceError | Error} if no answer came, or the connection ended before */
  post({ port, path, headers, body }: Posting): Promise<Answered> {
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path,
      method: 'POST',
      agent: this.#agent,
      headers: { 'user-agent': 'faults', ...length, ...headers },
    });
    const answered = new Promise<Answered>((resolve, reject) => {
      outgoing.on('error', reject);
      outgoing.on('response', async (response) => {
        try {
          const parts = await Array.fromAsync(response);
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) });
        } catch (error) {
          reject(error);
        }
      });
    });
    answered.catch(() => {});
    outgoing.end(body);
    return patiently(answered).catch((error: unknown) => {
      outgoing.destroy();
      throw error;
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
