import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Redis } from 'ioredis';
import { systemClock } from '#clock/clock.ts';
import { silentLog } from '#log/log.ts';
import { uniqueName } from '#test/backing/backing.ts';
import {
  amountIn,
  CLAIM,
  claimed,
  completeAll,
  digestOf,
  MAILBOX,
  object,
} from '../contract/opened-index.ts';
import { describeHeldIndex } from '../contract.ts';
import { LONGEST_ACCEPTING_MS, NOTHING_HELD } from '../port.ts';
import { fieldOf, SUM_FIELD, TOKEN_OCTETS } from './entry-codec.ts';
import { RedisHeldIndex } from './held-index.ts';
import { IndexKeys } from './index-keys.ts';

/** Octets of the time at which an entry was added, behind the token. */
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

  it('adds up what the version before has written, which kept no sum', async () => {
    await using opened = await open();
    const { index, redis, prefix } = opened;
    const key = new IndexKeys(prefix).mailbox(MAILBOX);
    await completeAll(index);
    await index.add(MAILBOX, object(digestOf(1), 10));
    const { token } = await index.add(MAILBOX, object(digestOf(2), 20));
    await redis.hdel(key, SUM_FIELD);
    assert.deepEqual(await amountIn(index, MAILBOX), { objects: 2, octets: 30 });
    await redis.hdel(key, SUM_FIELD);
    await index.remove(MAILBOX, digestOf(2), String(token));
    assert.deepEqual(await amountIn(index, MAILBOX), { objects: 1, octets: 10 });
    await index.add(MAILBOX, object(digestOf(3), 5));
    await redis.hdel(key, fieldOf(digestOf(1)));
    assert.deepEqual(await amountIn(index, MAILBOX), { objects: 1, octets: 5 });
  });

  it('leaves nothing of a mailbox that the version before has emptied', async () => {
    await using opened = await open();
    const { index, redis, prefix } = opened;
    const key = new IndexKeys(prefix).mailbox(MAILBOX);
    await index.add(MAILBOX, object(digestOf(1)));
    await redis.hdel(key, fieldOf(digestOf(1)));
    assert.equal(await redis.exists(key), 1);
    const claim = await claimed(index, '0');
    assert.deepEqual(await Array.fromAsync(claim.entries(MAILBOX)), []);
    assert.equal(await redis.exists(key), 0);
  });
}

function openerOf(url: string, address: string) {
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
      redis,
      prefix,
      elapse: (ms: number) => makeOlder(redis, `{${prefix}:*`, ms),
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

/** Entries, without their sum. */
async function pairsOf(redis: Redis, key: string): Promise<[Buffer, Buffer][]> {
  const fields = await redis.hkeysBuffer(key);
  const values = await redis.hvalsBuffer(key);
  return fields.flatMap((field, index) => {
    const value = values[index];
    return value && field.length > 0 ? [[field, value] satisfies [Buffer, Buffer]] : [];
  });
}
