import { createServer, type Socket } from 'node:net';
import { LocalListener } from './local-listener.ts';

/** A listening socket that gives its connections to another server, as the public port does. */
export async function frontBefore(behind: { take(connection: Socket): void }) {
  const front = new LocalListener(createServer((connection) => behind.take(connection)));
  await front.listen();
  return front;
}
