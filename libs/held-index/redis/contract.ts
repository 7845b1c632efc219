import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Redis } from 'ioredis';
import { systemClock } from '#clock/clock.ts';
import { silentLog } from '#log/log.ts';
import { uniqueName } from '#test/backing/backing.ts';
import { CLAIM, claimed, type OpenIndex } from '../contract/opened-index.ts';
import { describeHeldIndex } from '../contract.ts';
import { LONGEST_ACCEPTING_MS, NOTHING_HELD } from '../port.ts';
import { RedisHeldIndex } from './held-index.ts';

/** Octets of a value before and behind the time at which it was added. */
const TOKEN_OCTETS = 4;
const TIME_OCTETS = 4;

/**
 * The promises of an index, tested over the Redis at `url`.
 *
 * @param address - `host:port` of its only server
 */
export function describeRedisIndex(name: string, url: string, address: string): void {
  const open = openerOf(url, address);
  describeHeldIndex(name, open);

  it('lets a census wait only while it does not know the memory of its server for long', async () => {
    await using opened = await open();
    const first = await claimed(opened.index, '0');
    assert.equal(first.waitMs, LONGEST_ACCEPTING_MS);
    await first.complete(NOTHING_HELD);
    await opened.elapse(CLAIM.intervalMs + 1_000);
    assert.equal((await claimed(opened.other, '0')).waitMs, 0);
  });
}

function openerOf(url: string, address: string): OpenIndex {
  return async () => {
    const prefix = uniqueName('held');
    const patience = { deadlineMs: 60_000, addingMs: 60_000, readingMs: 60_000 };
    const open = () =>
      new RedisHeldIndex({ url, prefix, clock: systemClock, log: silentLog, ...patience });
    const [index, other] = [open(), open()];
    const redis = new Redis(`redis://${address}`);
    return {
      index,
      other,
      elapse: (ms) => makeOlder(redis, `{${prefix}:*`, ms),
      async [Symbol.asyncDispose]() {
        await index[Symbol.asyncDispose]();
        await other[Symbol.asyncDispose]();
        redis.disconnect();
      },
    };
  };
}

/** Dates back what is written, as nobody can set the clock of Redis. */
async function makeOlder(redis: Redis, pattern: string, ms: number): Promise<void> {
  for (const key of await redis.keys(pattern)) {
    if ((await redis.type(key)) === 'hash') {
      for (const [field, value] of await pairsOf(redis, key)) {
        const at = value.readUIntBE(TOKEN_OCTETS, TIME_OCTETS);
        value.writeUIntBE(at - Math.ceil(ms / 1_000), TOKEN_OCTETS, TIME_OCTETS);
        await redis.hset(key, field, value);
      }
    }
    const leftMs = await redis.pttl(key);
    if (key.endsWith('/lease') || key.endsWith('/epoch')) {
      const [id, since, ...rest] = String(await redis.get(key)).split(' ');
      await redis.set(key, [id, Number(since) - ms, ...rest].join(' '), 'KEEPTTL');
    }
    if (leftMs > 0) {
      await redis.pexpire(key, leftMs - ms);
    }
  }
}

async function pairsOf(redis: Redis, key: string): Promise<[Buffer, Buffer][]> {
  const fields = await redis.hkeysBuffer(key);
  const values = await redis.hvalsBuffer(key);
  return fields.flatMap((field, index) => {
    const value = values[index];
    return value ? [[field, value] satisfies [Buffer, Buffer]] : [];
  });
}
