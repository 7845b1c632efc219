import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type Answer, PORT_PATH } from './ask-broker.ts';
import { FreePorts } from './free-ports.ts';
import { ServerPool } from './server-pool.ts';
import { BACKING_NAMES, type BackingName } from './servers.ts';

/** Shares servers and free ports among the processes of a test run, over loopback HTTP. */
export class Broker implements AsyncDisposable {
  readonly #pool = new ServerPool();
  readonly #ports = new FreePorts();
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (request, response) => {
      const answer = await this.#answer(request.url);
      response.setHeader('connection', 'close').end(JSON.stringify(answer));
    });
  }

  /** @returns the URL to ask at */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  report(): Promise<string[]> {
    return this.#pool.report();
  }

  async #answer(path: string | undefined): Promise<Answer | { readonly port: number }> {
    if (path === PORT_PATH) {
      return { port: await this.#ports.take() };
    }
    const name = BACKING_NAMES.find((known) => `/${known}` === path);
    return name ? ask(this.#pool, name) : { missing: 'no such backing' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await this.#pool[Symbol.asyncDispose]();
  }
}

export async function ask(pool: ServerPool, name: BackingName): Promise<Answer> {
  try {
    return { address: (await pool.get(name)).address };
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}
