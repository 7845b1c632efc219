import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type ChildServer, startChildServer } from './child-server.ts';
import { obtainRedis } from './programs.ts';

/** A Redis server and its replica. */
export interface RedisPair extends AsyncDisposable {
  /** `host:port` of the first master, and of its replica. */
  readonly addresses: readonly [string, string];
  /**
   * Swaps master and replica. The former master keeps its connections, as when a managed service is
   * upgraded.
   */
  swap(): Promise<void>;
  /** A client of each. */
  readonly clients: readonly [Redis, Redis];
}

/** Starts the pair, or says what to install. */
export async function startRedisPair(): Promise<RedisPair | { readonly missing: string }> {
  const found = await obtainRedis();
  if ('missing' in found) {
    return found;
  }
  // A replica first stores what its master sends in a file.
  const folder = await mkdtemp(join(tmpdir(), 'redis-pair-'));
  const servers = [await startOne(found.path, folder), await startOne(found.path, folder)] as const;
  const clients = [connectTo(servers[0]), connectTo(servers[1])] as const;
  await clients[1].replicaof('127.0.0.1', servers[0].port);
  await untilFollowing(clients[1]);
  // The master is told a moment later, and hands over to nobody before.
  await untilInfo(clients[0], 'state=online');
  let master: 0 | 1 = 0;
  return {
    addresses: [`127.0.0.1:${servers[0].port}`, `127.0.0.1:${servers[1].port}`],
    clients,
    async swap() {
      const former = clients[master];
      master = master === 0 ? 1 : 0;
      // Lets the replica catch up first, so that nothing is lost.
      await former.call('FAILOVER', 'TO', '127.0.0.1', servers[master].port);
      await untilFollowing(former);
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) {
        client.disconnect();
      }
      await Promise.all(servers.map((server) => server.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves once the server that the client is connected to has what its master had. */
export function untilFollowing(client: Redis): Promise<void> {
  return untilInfo(client, 'master_link_status:up');
}

async function untilInfo(client: Redis, expected: string): Promise<void> {
  while (!(await client.info('replication')).includes(expected)) {
    await pause(10);
  }
}

function startOne(program: string, folder: string): Promise<ChildServer> {
  return startChildServer(program, (port) => [
    ...['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    ...['--dir', folder, '--dbfilename', `${port}.rdb`],
    ...['--maxmemory-policy', 'noeviction', '--repl-diskless-sync-delay', '0'],
  ]);
}

function connectTo({ port }: ChildServer): Redis {
  return new Redis(port, '127.0.0.1').on('error', () => {});
}
