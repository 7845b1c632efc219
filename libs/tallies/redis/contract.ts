import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Redis } from 'ioredis';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { uniqueName } from '#test/backing/backing.ts';
import { describeTallies } from '../contract.ts';
import { PARTS_OF_WINDOW } from '../port.ts';
import { RedisTallies } from './tallies.ts';

const HOUR_MS = 3_600_000;

/**
 * The promises of tallies, tested over the Redis at `url`.
 *
 * @param address - `host:port` of its only server
 */
export function describeRedisTallies(name: string, url: string, address: string): void {
  const open = openerOf(url, address);
  describeTallies(name, open);

  it('leaves nothing in Redis a 24th after the longest window', async () => {
    await using opened = await open();
    const { tallies, redis, prefix } = opened;
    await tallies.add('a', [1], [{ windowMs: HOUR_MS, most: [1] }]);
    await tallies.add('a', [0], [{ windowMs: 60_000, most: [1] }]);
    const leftMs = await redis.pttl(`${prefix}a`);
    assert.ok(leftMs <= HOUR_MS * (1 + 1 / PARTS_OF_WINDOW) && leftMs > HOUR_MS, String(leftMs));
  });

  it('asks Redis nothing about a name that adds little', async () => {
    await using opened = await open();
    const { tallies, redis, prefix } = opened;
    for (let added = 0; added < 20; added++) {
      await tallies.add('a', [1], [{ windowMs: HOUR_MS, most: [10_000] }]);
    }
    assert.equal(await redis.exists(`${prefix}a`), 0);
    await tallies.add('a', [1], [{ windowMs: HOUR_MS, most: [10_000] }]);
    assert.deepEqual(await redis.hvals(`${prefix}a`), ['21']);
  });
}

function openerOf(url: string, address: string) {
  return async () => {
    const prefix = `${uniqueName('tallies')}:`;
    const clock = new ManualClock();
    const open = () =>
      new RedisTallies({
        url,
        prefix,
        clock,
        log: silentLog,
        askingMs: 60_000,
        deadlineMs: 60_000,
      });
    const [tallies, other] = [open(), open()];
    const redis = new Redis(`redis://${address}`);
    return {
      tallies,
      other,
      redis,
      prefix,
      async elapse(ms: number) {
        clock.advance(ms);
        await makeOlder(redis, `${prefix}*`, ms);
      },
      async [Symbol.asyncDispose]() {
        await tallies[Symbol.asyncDispose]();
        await other[Symbol.asyncDispose]();
        redis.disconnect();
      },
    };
  };
}

/** Dates back what is counted, as nobody can set the clock of Redis. */
async function makeOlder(redis: Redis, pattern: string, ms: number): Promise<void> {
  for (const key of await redis.keys(pattern)) {
    const former = await redis.hgetall(key);
    await redis.hdel(key, ...Object.keys(former));
    for (const [field, value] of Object.entries(former)) {
      const [windowMs = 0, part = 0] = field.split(' ').map(Number);
      const older = part - Math.round((ms * PARTS_OF_WINDOW) / windowMs);
      await redis.hset(key, `${windowMs} ${older}`, value);
    }
  }
}
