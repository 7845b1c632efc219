import { Redis } from 'ioredis';
import { backing } from '#test/backing/backing.ts';
import type { Peer } from '#test/builders/peers.ts';
import { Phone } from '#test/peers/phone.ts';
import { BenchCloud } from '../cloud/bench-cloud.ts';
import { openCollectors } from '../collector.ts';
import { once, type Row } from '../rows/row.ts';

const COLLECTORS = 5_000;
/** Several collect for each, as making the keys of a phone takes long. */
const PHONES = 50;
const PATIENCE_MS = 30_000;

/** How many connections a process of collection has to Redis, whatever the number of collectors: see `libs/signals/redis`. */
export async function run(): Promise<readonly Row[]> {
  await using cloud = await BenchCloud.start();
  const poweb = await cloud.service('poweb');
  const phones: Peer[] = [];
  while (phones.length < PHONES) {
    phones.push((await Phone.register(poweb.port, `phone ${phones.length}`)).phone);
  }
  await poweb.stop();
  const [host, port] = (await backing('redis')).address.split(':');
  const redis = new Redis({ host: host ?? '', port: Number(port) });
  const before = new Set((await clientsOf(redis)).map(({ id }) => id));
  const collection = await cloud.service('collection');
  const collectors = await openCollectors(collection.port, phones, COLLECTORS);
  const ours = async () => (await clientsOf(redis)).filter(({ id }) => !before.has(id));
  await untilSubscribed(ours);
  const connections = await ours();
  const stillOpen = collectors.filter(({ isOpen }) => isOpen).length;
  for (const collector of collectors) {
    collector[Symbol.dispose]();
  }
  redis.disconnect();
  if (stillOpen !== COLLECTORS) {
    throw new Error(`only ${stillOpen} of ${COLLECTORS} collectors stayed connected`);
  }
  const name = `${COLLECTORS} collectors for ${PHONES} phones in one process of collection`;
  const subscribing = connections.filter(({ channels }) => channels > 0).length;
  const common = { unit: 'connections', against: null } as const;
  return [
    { ...common, name: `${name}: that subscribe to Redis`, mark: 1, turns: once(subscribing) },
    {
      ...common,
      // One publishes every few seconds, to see whether that arrives; one reads the index.
      name: `${name}: other connections to Redis`,
      mark: 2,
      turns: once(connections.length - subscribing),
    },
  ];
}

interface RedisClient {
  readonly id: string;
  /** That it is subscribed to. */
  readonly channels: number;
}

async function clientsOf(redis: Redis): Promise<RedisClient[]> {
  const list = String(await redis.client('LIST'));
  return list
    .trim()
    .split('\n')
    .map((line) => ({
      id: /\bid=(\d+)/.exec(line)?.[1] ?? '',
      channels: Number(/\bsub=(\d+)/.exec(line)?.[1]),
    }));
}

function channelsOf(clients: readonly RedisClient[]): number {
  return clients.reduce((sum, { channels }) => sum + channels, 0);
}

async function untilSubscribed(clients: () => Promise<readonly RedisClient[]>): Promise<void> {
  const giveUpAtMs = performance.now() + PATIENCE_MS;
  while (channelsOf(await clients()) < PHONES) {
    if (performance.now() > giveUpAtMs) {
      throw new Error('the collectors were not subscribed in time');
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
