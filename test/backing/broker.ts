import { once } from 'node:events';
import { createServer, get, type Server } from 'node:http';
import { ServerPool } from './server-pool.ts';
import { BACKING_NAMES, type BackingName } from './servers.ts';

/** Names the broker's URL to the test processes of a run. */
export const BROKER_VARIABLE = 'TEST_BACKING_BROKER';

/** What a test is told about a server: its address, or in words why there is none. */
export type Answer = { readonly address: string } | { readonly missing: string };

/** Shares one pool of servers among the processes of a test run, over loopback HTTP. */
export class Broker implements AsyncDisposable {
  readonly #pool = new ServerPool();
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (request, response) => {
      const name = BACKING_NAMES.find((known) => `/${known}` === request.url);
      const answer = name ? await ask(this.#pool, name) : { missing: 'no such backing' };
      response.setHeader('connection', 'close').end(JSON.stringify(answer));
    });
  }

  /** @returns the URL for {@link askBroker} */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  report(): Promise<string[]> {
    return this.#pool.report();
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

export async function askBroker(url: string, name: BackingName): Promise<Answer> {
  const [response] = await once(get(`${url}/${name}`, { agent: false }), 'response');
  const parts: Buffer[] = [];
  for await (const part of response) {
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString()) as Answer;
}
