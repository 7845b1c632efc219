import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startChildServer } from './child-server.ts';
import { obtainRedis } from './programs.ts';
import { BackingMissingError } from './servers.ts';

/** A Redis server that nobody else uses. */
export interface OwnRedis extends AsyncDisposable {
  /** `host:port` */
  readonly address: string;
  /** A client, which reconnects. */
  readonly client: Redis;
  /** Ends the server, and starts another at the same address with what it saved. */
  restart(): Promise<void>;
}

/** @throws if the program is missing, which suites ask for first */
export async function startOwnRedis(): Promise<OwnRedis> {
  const found = await obtainRedis();
  if ('missing' in found) {
    throw new BackingMissingError(found.missing);
  }
  const folder = await mkdtemp(join(tmpdir(), 'own-redis-'));
  const start = (port?: number) =>
    startChildServer(
      found.path,
      (own) => [
        ...['--port', String(own), '--bind', '127.0.0.1', '--dir', folder],
        ...['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
      ],
      port,
    );
  let server = await start();
  const { port } = server;
  const client = new Redis(port, '127.0.0.1').on('error', () => {});
  return {
    address: `127.0.0.1:${port}`,
    client,
    async restart() {
      await client.save();
      await server.stop();
      server = await start(port);
    },
    async [Symbol.asyncDispose]() {
      client.disconnect();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
