import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startChildServer } from './child-server.ts';
import { freePort } from './free-ports.ts';
import { obtainRedis } from './programs.ts';

interface RedisCluster extends AsyncDisposable {
  /** `host:port` of its only node. */
  readonly address: string;
}

/** Starts a Redis Cluster of one node, or says what to install. */
export async function startRedisCluster(): Promise<RedisCluster | { missing: string }> {
  const found = await obtainRedis();
  if ('missing' in found) {
    return found;
  }
  const folder = await mkdtemp(join(tmpdir(), 'redis-cluster-'));
  const busPort = await freePort();
  const server = await startChildServer(found.path, (port) => [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
    ...['--cluster-enabled', 'yes', '--cluster-port', String(busPort)],
    ...['--cluster-announce-ip', '127.0.0.1'],
  ]);
  const redis = new Redis(server.port, '127.0.0.1');
  await redis.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
  while (!String(await redis.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  redis.disconnect();
  return {
    address: `127.0.0.1:${server.port}`,
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
