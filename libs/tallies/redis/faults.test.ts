import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import type { LogFields } from '#log/log.ts';
import { missingProgram, uniqueName } from '#test/backing/backing.ts';
import { startFaultProxy } from '#test/backing/fault-proxy.ts';
import { type OwnRedis, startOwnRedis } from '#test/backing/own-redis.ts';
import { obtainRedis } from '#test/backing/programs.ts';
import { recordingLog } from '#test/runtime/recording-log.ts';
import { until } from '#test/runtime/until.ts';
import { ASKING_MS, RedisTallies } from './tallies.ts';

const missing = missingProgram(await obtainRedis());

const HOUR_MS = 3_600_000;
const REST_MS = 1_000;
const LIMITS = [{ windowMs: HOUR_MS, most: [5] }];

describe('tallies in a Redis that fails', { skip: missing }, () => {
  let redis: OwnRedis;

  before(async () => {
    redis = await startOwnRedis();
  });
  after(() => redis?.[Symbol.asyncDispose]());

  it('are counted by each process while Redis is away, and it is said once a minute', async () => {
    await using opened = await open();
    const { tallies, other, clock, proxy, logged } = opened;
    assert.equal(await isWithin(tallies, 'a', 3), true);
    proxy.refuse();
    for (let name = 0; name < 20; name++) {
      assert.equal(await isWithin(tallies, `another ${name}`), true);
    }
    assert.equal(await isWithin(tallies, 'a', 2), true);
    assert.equal(await isWithin(tallies, 'a'), false);
    assert.equal(await isWithin(other, 'a', 2), true);
    assert.equal(logged.length, 1);
    assert.match(String(logged[0]?.[0]), /^warn Redis is away/);
    clock.advance(60_000);
    await isWithin(tallies, 'yet another');
    assert.equal(logged.length, 2);
  });

  it('are counted by all again once Redis is back', async () => {
    await using opened = await open();
    const { tallies, other, clock, proxy } = opened;
    proxy.refuse();
    assert.equal(await isWithin(tallies, 'a', 1), true);
    proxy.accept();
    assert.equal(await isWithin(other, 'b', 5), true);
    await until(async () => {
      clock.advance(REST_MS);
      return !(await isWithin(tallies, 'b', 1));
    }, 20);
  });

  it('hold nobody up for long while Redis is silent, and after a few not at all', async () => {
    await using opened = await open();
    const { tallies, clock, proxy } = opened;
    proxy.pause();
    for (let failures = 0; failures < 3; failures++) {
      const adding = isWithin(tallies, `${failures}`);
      clock.advance(ASKING_MS - 1);
      assert.equal(await Promise.race([adding, soon('still waiting')]), 'still waiting');
      clock.advance(1);
      assert.equal(await adding, true);
    }
    assert.equal(await isWithin(tallies, 'next'), true);
    proxy.resume();
  });

  it('are lost with what Redis held, and begin anew', async () => {
    await using opened = await open();
    const { tallies, other } = opened;
    assert.equal(await isWithin(tallies, 'a', 5), true);
    await redis.client.flushall();
    assert.equal(await isWithin(other, 'a', 5), true);
    assert.equal(await isWithin(tallies, 'a'), false);
  });

  it('are counted by each process while Redis takes no writes', async () => {
    await using opened = await open();
    const { tallies } = opened;
    await redis.client.config('SET', 'maxmemory', '1');
    assert.equal(await isWithin(tallies, 'a', 5), true);
    assert.equal(await isWithin(tallies, 'a'), false);
    await redis.client.config('SET', 'maxmemory', '0');
  });

  it('are asked about what Redis refused only once in five seconds', async () => {
    await using opened = await open();
    const { tallies, other, clock } = opened;
    await isWithin(other, 'a', 5);
    assert.equal(await isWithin(tallies, 'a'), false);
    await redis.client.config('RESETSTAT');
    for (let asked = 0; asked < 100; asked++) {
      assert.equal(await isWithin(tallies, 'a'), false);
    }
    assert.equal(await scriptsRun(), 0);
    clock.advance(5_000);
    assert.equal(await isWithin(tallies, 'a'), false);
    assert.equal(await scriptsRun(), 1);
  });

  /** Tallies over a proxy, and others that reach Redis in any case. */
  async function open() {
    const proxy = await startFaultProxy(redis.address);
    const clock = new ManualClock();
    const logged: [string, LogFields][] = [];
    const log = recordingLog(logged);
    const prefix = `${uniqueName('tallies')}:`;
    const options = { prefix, clock, log, askingMs: ASKING_MS, deadlineMs: 20_000 };
    const tallies = new RedisTallies({ ...options, url: `redis://${proxy.address}` });
    const other = new RedisTallies({ ...options, url: `redis://${redis.address}` });
    // Connected from the start, as processes are: no test waits for that.
    await isWithin(tallies, 'first');
    await isWithin(other, 'first');
    assert.equal(logged.length, 0);
    return {
      tallies,
      other,
      clock,
      proxy,
      logged,
      async [Symbol.asyncDispose]() {
        await tallies[Symbol.asyncDispose]();
        await other[Symbol.asyncDispose]();
        await proxy[Symbol.asyncDispose]();
      },
    };
  }

  async function scriptsRun(): Promise<number> {
    const stats = await redis.client.info('commandstats');
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  }
});

async function isWithin(tallies: RedisTallies, name: string, amount = 1): Promise<boolean> {
  return (await tallies.add(name, [amount], LIMITS)).isWithin;
}

function soon<Value>(value: Value): Promise<Value> {
  return new Promise((resolve) => setImmediate(() => resolve(value)));
}
