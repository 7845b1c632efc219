import { once } from 'node:events';
import { get } from 'node:http';

/** Names the broker's URL to the test processes of a run. */
export const BROKER_VARIABLE = 'TEST_BACKING_BROKER';

/** The broker's path for a free port. */
export const PORT_PATH = '/port';

/** A server's address, or why there is none. */
export type Answer = { readonly address: string } | { readonly missing: string };

/** @param name - of a backing service */
export async function askForServer(broker: string, name: string): Promise<Answer> {
  return (await ask(`${broker}/${name}`)) as Answer;
}

/** @returns a port that was free a moment ago, and that the broker hands out once */
export async function askForPort(broker: string): Promise<number> {
  const { port } = (await ask(`${broker}${PORT_PATH}`)) as { readonly port: number };
  return port;
}

async function ask(url: string): Promise<unknown> {
  const [response] = await once(get(url, { agent: false }), 'response');
  const parts: Buffer[] = [];
  for await (const part of response) {
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString());
}
