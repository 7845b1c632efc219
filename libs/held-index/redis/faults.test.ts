import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { missingProgram, uniqueName } from '#test/backing/backing.ts';
import { type FaultProxy, startFaultProxy } from '#test/backing/fault-proxy.ts';
import { type OwnRedis, startOwnRedis } from '#test/backing/own-redis.ts';
import { obtainRedis } from '#test/backing/programs.ts';
import { until } from '#test/runtime/until.ts';
import {
  CLAIM,
  claimed,
  completeAll,
  digestOf,
  MAILBOX,
  MAILBOX_IN_A,
  namesIn,
  object,
} from '../contract/opened-index.ts';
import {
  type Announcement,
  type CensusClaim,
  type HeldIndex,
  NOTHING_HELD,
  PARTS,
  type Part,
} from '../port.ts';
import { RedisHeldIndex } from './held-index.ts';
import { IndexKeys } from './index-keys.ts';

const missing = missingProgram(await obtainRedis());

const ADDING_MS = 100;
const DEADLINE_MS = 20_000;
const FAILURES_UNTIL_REST = 5;
const REST_MS = 1_000;
/** A part that was counted is free again at once. */
const SOON = { ...CLAIM, intervalMs: 1 };

describe('an index of what is held in a Redis that fails', { skip: missing }, () => {
  let redis: OwnRedis;

  before(async () => {
    redis = await startOwnRedis();
  });
  after(() => redis?.[Symbol.asyncDispose]());

  describe('and forgets', () => {
    it('claims to be complete no more once the server was emptied, until it is counted', async () => {
      await using opened = await open();
      const { index } = opened;
      await completeAll(index);
      await index.add(MAILBOX, object(digestOf(1)));
      await redis.client.flushall();
      assert.equal(await index.read(MAILBOX), null);
      assert.equal(await index.incompleteParts(), PARTS.length);
      await index.add(MAILBOX, object(digestOf(2)));
      assert.equal(await index.read(MAILBOX), null);
      await (await claimed(index, '0')).complete(NOTHING_HELD);
      assert.deepEqual(await namesIn(index, MAILBOX), [digestOf(2)]);
    });

    it('is not completed by a census that began before the server was emptied', async () => {
      await using opened = await open();
      const { index } = opened;
      const before = await claimed(index, '0');
      await redis.client.flushall();
      const mending = { missing: [object(digestOf(1))], stale: [] };
      await assert.rejects(Array.fromAsync(before.entries(MAILBOX)), BackingUnavailableError);
      await assert.rejects(before.mend(MAILBOX, mending), BackingUnavailableError);
      await assert.rejects(before.complete(NOTHING_HELD), BackingUnavailableError);
      assert.equal(await index.read(MAILBOX), null);
    });

    it('claims to be complete no more after a restart with what was saved', async () => {
      await using opened = await open();
      const { index } = opened;
      for (const part of ['0', 'a']) {
        const claim = await index.claim(part, SOON);
        assert.equal(await claim?.complete(NOTHING_HELD), true);
      }
      await index.add(MAILBOX, object(digestOf(1)));
      const counting = await claimedOnceFree(index, 'a');
      await redis.restart();
      await until(async () => (await index.find(MAILBOX, digestOf(1))) !== null, 20);
      assert.equal(await index.read(MAILBOX), null);
      assert.equal(await counting.complete(NOTHING_HELD), false);
      assert.equal(await index.read(MAILBOX_IN_A), null);
      assert.equal(await (await claimedOnceFree(index, '0')).complete(NOTHING_HELD), true);
      assert.deepEqual(await namesIn(index, MAILBOX), [digestOf(1)]);
    });
  });

  describe('and is away', () => {
    it('takes no entry and tells nothing, and throws for a census only', async () => {
      await using opened = await open();
      const { index, proxy } = opened;
      await completeAll(index);
      proxy.refuse();
      assert.equal(await isLost(index.add(MAILBOX, object(digestOf(1)))), true);
      assert.equal(await index.read(MAILBOX), null);
      assert.equal(await index.find(MAILBOX, digestOf(1)), null);
      await index.remove(MAILBOX, digestOf(1), '0123456789');
      await assert.rejects(index.claim('0', CLAIM), BackingUnavailableError);
      await assert.rejects(index.totals(), BackingUnavailableError);
      await assert.rejects(index.incompleteParts(), BackingUnavailableError);
    });

    it('is incomplete for everybody as soon as it is back, where an entry may be missing', async () => {
      await using opened = await open();
      const { index, other, proxy } = opened;
      await completeAll(index);
      proxy.refuse();
      assert.equal(await isLost(index.add(MAILBOX, object(digestOf(1)))), true);
      assert.deepEqual(await namesIn(other, MAILBOX), []);
      proxy.accept();
      await until(async () => (await other.read(MAILBOX)) === null, 20);
      assert.deepEqual(await namesIn(other, MAILBOX_IN_A), []);
      assert.equal(await other.incompleteParts(), 1);
    });

    it('is not read by a process that has yet to tell that an entry may be missing', async () => {
      const clock = new ManualClock();
      await using opened = await open({ clock });
      const { index, proxy } = opened;
      await completeAll(index);
      proxy.refuse();
      assert.equal(await isLost(index.add(MAILBOX, object(digestOf(1)))), true);
      proxy.accept();
      await until(async () => (await index.read(MAILBOX_IN_A)) !== null, 20);
      assert.equal(await index.read(MAILBOX), null);
      assert.equal(await index.totalsOf(MAILBOX), null);
    });

    it('is not completed by a census under way, but by the next', async () => {
      await using opened = await open();
      const { index, other, proxy } = opened;
      const counting = await claimed(other, '0');
      proxy.refuse();
      assert.equal(await isLost(index.add(MAILBOX, object(digestOf(1)))), true);
      const epoch = () => redis.client.get(opened.keys.of('0').epoch);
      const before = await epoch();
      proxy.accept();
      await until(async () => (await epoch()) !== before, 20);
      assert.equal(await counting.complete(NOTHING_HELD), false);
      assert.equal(await other.read(MAILBOX), null);
      assert.equal(await (await claimed(other, '0')).complete(NOTHING_HELD), true);
      assert.deepEqual(await namesIn(other, MAILBOX), []);
    });

    it('keeps no process from ending', async () => {
      const clock = new ManualClock();
      const opened = await open({ clock });
      opened.proxy.refuse();
      assert.equal(await isLost(opened.index.add(MAILBOX, object(digestOf(1)))), true);
      await opened[Symbol.asyncDispose]();
      assert.equal(clock.advanceToNext(), false);
      assert.equal(await isLost(opened.index.add(MAILBOX, object(digestOf(1)))), true);
    });
  });

  describe('and takes no writes', () => {
    for (const [why, { set, back }] of Object.entries({
      'it is full': { set: ['maxmemory', '1'], back: ['maxmemory', '0'] },
      'it has lost its replicas': {
        set: ['min-replicas-to-write', '1'],
        back: ['min-replicas-to-write', '0'],
      },
    })) {
      it(`claims to be complete no more as long as ${why}, and until it is counted`, async () => {
        await using opened = await open();
        const { index, other } = opened;
        await completeAll(index);
        await redis.client.config('SET', ...set);
        assert.equal(await isLost(index.add(MAILBOX, object(digestOf(1)))), true);
        assert.equal(await other.read(MAILBOX), null);
        assert.equal(await other.read(MAILBOX_IN_A), null);
        await redis.client.config('SET', ...back);
        await until(async () => (await other.incompleteParts()) === 1, 20);
        assert.equal(await other.read(MAILBOX), null);
        assert.deepEqual(await namesIn(other, MAILBOX_IN_A), []);
      });
    }
  });

  describe('and is silent', () => {
    it('lets who stores a parcel wait as long as it may, and no longer', async () => {
      const clock = new ManualClock();
      await using opened = await open({ clock });
      const { index } = opened;
      await completeAll(index);
      opened.proxy.pause();
      const adding = index.add(MAILBOX, object(digestOf(1)));
      clock.advance(ADDING_MS - 1);
      assert.equal(await Promise.race([adding, soon('still waiting')]), 'still waiting');
      clock.advance(1);
      const { token, isMissing, late } = await adding;
      assert.deepEqual([token, isMissing], [null, false]);
      clock.advance(DEADLINE_MS);
      assert.equal((await late)?.isMissing, true);
    });

    it('is not waited for once it gave no answer five times, but is tried now and then', async () => {
      const clock = new ManualClock();
      await using opened = await open({ clock });
      const { index, proxy } = opened;
      await completeAll(index);
      proxy.pause();
      const adding = Array.from({ length: FAILURES_UNTIL_REST }, (_, at) =>
        isLost(index.add(MAILBOX, object(digestOf(at)))),
      );
      clock.advance(DEADLINE_MS);
      assert.ok((await Promise.all(adding)).every(Boolean));
      assert.equal(await isLost(index.add(MAILBOX, object(digestOf(6)))), true);
      assert.equal(await index.read(MAILBOX_IN_A), null);
      await assert.rejects(index.claim('1', CLAIM), /not asked/);
      proxy.resume();
      clock.advance(REST_MS);
      await until(async () => {
        clock.advance(REST_MS);
        return (await index.read(MAILBOX_IN_A)) !== null;
      }, 20);
    });

    it('keeps few commands in memory, however long and however much is added', async () => {
      const clock = new ManualClock();
      const deadlineMs = 2_000;
      await using opened = await open({ clock, deadlineMs });
      const { index, proxy } = opened;
      await completeAll(opened.other);
      await redis.client.config('RESETSTAT');
      const beganAtMs = clock.elapsedMs();
      proxy.pause();
      for (let round = 0; round < 500; round++) {
        const adding = index.add(MAILBOX, object(digestOf(round)));
        clock.advance(ADDING_MS);
        assert.equal((await adding).token, null);
      }
      const burst = Array.from({ length: 15_000 }, () => index.find(MAILBOX, digestOf(1)));
      clock.advance(REST_MS);
      await Promise.all(burst);
      proxy.resume();
      await until(async () => {
        clock.advance(REST_MS);
        return (await redis.client.get(opened.keys.of('0').mark)) === null;
      }, 20);
      // Until the first deadline, nobody knows that it is silent.
      const atFirst = deadlineMs / ADDING_MS + FAILURES_UNTIL_REST;
      const most = 2 * atFirst + (clock.elapsedMs() - beganAtMs) / REST_MS;
      const sent = await scriptsRun(redis);
      assert.ok(sent <= most, `${sent} commands were sent`);
    });

    it('takes ten thousand calls at once at most', async () => {
      const clock = new ManualClock();
      await using opened = await open({ clock });
      const { index, proxy } = opened;
      await index.find(MAILBOX, digestOf(1));
      await redis.client.config('RESETSTAT');
      proxy.pause();
      const finding = Array.from({ length: 12_000 }, () => index.find(MAILBOX, digestOf(1)));
      proxy.resume();
      await Promise.all(finding);
      assert.equal(await scriptsRun(redis), 10_000);
    });

    it('gets another connection, as this one may be dead without notice', async () => {
      await using opened = await open({ deadlineMs: 300 });
      const { index, proxy } = opened;
      await completeAll(opened.other);
      const { accepted } = proxy;
      proxy.pause();
      assert.equal(await isLost(index.add(MAILBOX, object(digestOf(1)))), true);
      await until(() => proxy.accepted > accepted, 20);
      proxy.resume();
      await until(async () => (await index.read(MAILBOX_IN_A)) !== null, 20);
    });

    it('keeps no process from ending', async () => {
      const clock = new ManualClock();
      const opened = await open({ clock });
      opened.proxy.pause();
      const adding = opened.index.add(MAILBOX, object(digestOf(1)));
      clock.advance(ADDING_MS);
      assert.equal((await adding).token, null);
      await opened[Symbol.asyncDispose]();
      clock.advance(3_600_000);
      await soon('everything settled');
      assert.equal(clock.advanceToNext(), false);
    });
  });

  /** An index over a proxy, and another that reaches Redis in any case. */
  async function open(more: { clock?: Clock; deadlineMs?: number } = {}) {
    const proxy: FaultProxy = await startFaultProxy(redis.address);
    const prefix = uniqueName('held');
    const options = {
      prefix,
      clock: systemClock,
      log: silentLog,
      deadlineMs: DEADLINE_MS,
      // Only a time that the test moves is short.
      addingMs: more.clock ? ADDING_MS : DEADLINE_MS,
      readingMs: more.clock ? REST_MS : DEADLINE_MS,
      ...more,
    };
    const index = new RedisHeldIndex({ ...options, url: `redis://${proxy.address}` });
    const patience = { deadlineMs: DEADLINE_MS, addingMs: DEADLINE_MS, readingMs: DEADLINE_MS };
    const other = new RedisHeldIndex({
      ...options,
      ...patience,
      clock: systemClock,
      url: `redis://${redis.address}`,
    });
    // Connected from the start, as processes are: no test waits for that.
    const isConnected = () =>
      index.totals().then(
        () => true,
        () => false,
      );
    await until(isConnected, 20);
    return {
      index,
      other,
      proxy,
      keys: new IndexKeys(prefix),
      async [Symbol.asyncDispose]() {
        await index[Symbol.asyncDispose]();
        await other[Symbol.asyncDispose]();
        await proxy[Symbol.asyncDispose]();
      },
    };
  }
});

/** Whether an entry may be missing in the end. */
async function isLost(adding: Promise<Announcement>): Promise<boolean> {
  const { isMissing, late } = await adding;
  return late ? (await late).isMissing : isMissing;
}

/** Takes a part as soon as it may be counted again. */
async function claimedOnceFree(index: HeldIndex, part: Part): Promise<CensusClaim> {
  let claim: CensusClaim | null = null;
  await until(async () => {
    claim = await index.claim(part, SOON);
    return claim !== null;
  }, 5);
  return claim ?? assert.fail('it is not free');
}

/** Resolves after everything that is due. */
function soon<Value>(value: Value): Promise<Value> {
  return new Promise((resolve) => setImmediate(() => resolve(value)));
}

/** Scripts that the server has run since its statistics began. */
async function scriptsRun({ client }: OwnRedis): Promise<number> {
  const stats = await client.info('commandstats');
  const counts = [...stats.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)];
  return counts.reduce((sum, [, calls]) => sum + Number(calls), 0);
}
