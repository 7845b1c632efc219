import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from '#clock/clock.ts';
import { silentLog } from '#log/log.ts';
import { missingProgram, uniqueName } from '#test/backing/backing.ts';
import { startFaultProxy } from '#test/backing/fault-proxy.ts';
import { obtainRedis } from '#test/backing/programs.ts';
import { startRedisPair } from '#test/backing/redis-pair.ts';
import { until } from '#test/runtime/until.ts';
import { CLAIM, claimed, digestOf, MAILBOX, namesIn, object } from '../contract/opened-index.ts';
import { NOTHING_HELD } from '../port.ts';
import { RedisHeldIndex } from './held-index.ts';

const missing = missingProgram(await obtainRedis());
/** A part that was counted is free again at once. */
const SOON = { ...CLAIM, intervalMs: 1 };

/** Nobody listens there. */
const UNUSED_PORT = 1;

describe('an index of what is held in a Redis with a replica', { skip: missing }, () => {
  it('claims nothing once a replica that lagged was promoted, until it is counted there', async () => {
    await using opened = await open();
    const { index, promoted, clients } = opened;
    await (await claimed(index, '0', SOON)).complete(NOTHING_HELD);
    await index.add(MAILBOX, object(digestOf(1)));
    await untilReplicated(clients);
    await clients[1].replicaof('NO', 'ONE');
    assert.notEqual((await index.add(MAILBOX, object(digestOf(2)))).token, null);
    assert.notEqual(await promoted.find(MAILBOX, digestOf(1)), null);
    assert.equal(await promoted.find(MAILBOX, digestOf(2)), null);
    assert.equal(await promoted.read(MAILBOX), null);
    const counting = await claimed(promoted, '0');
    await counting.mend(MAILBOX, { missing: [object(digestOf(2))], stale: [] });
    assert.equal(await counting.complete(NOTHING_HELD), true);
    assert.deepEqual(await namesIn(promoted, MAILBOX), [digestOf(1), digestOf(2)]);
  });

  it('is not completed by a census that began before the replica was promoted', async () => {
    await using opened = await open();
    const { index, promoted, proxy, clients } = opened;
    const counting = await claimed(index, '0');
    await untilReplicated(clients);
    proxy.leadTo(opened.addresses[1]);
    await clients[1].replicaof('NO', 'ONE');
    proxy.cut();
    await until(
      async () => (await counting.complete(NOTHING_HELD).catch(() => null)) === false,
      20,
    );
    assert.equal(await promoted.read(MAILBOX), null);
  });

  it('is read at the new master by whoever had a connection to the former one', async () => {
    await using opened = await open();
    const { index, promoted, proxy, clients } = opened;
    await (await claimed(index, '0', SOON)).complete(NOTHING_HELD);
    await untilReplicated(clients);
    proxy.leadTo(opened.addresses[1]);
    await opened.swap();
    await (await claimed(promoted, '0')).complete(NOTHING_HELD);
    await promoted.add(MAILBOX, object(digestOf(1)));
    await untilReplicated(clients);
    // The connection leads to the replica still, which has a mark with the name of its master, and lags.
    await clients[0].replicaof('127.0.0.1', UNUSED_PORT);
    await promoted.add(MAILBOX, object(digestOf(2)));
    await until(async () => (await index.read(MAILBOX)) !== null, 20);
    assert.deepEqual(await namesIn(index, MAILBOX), [digestOf(1), digestOf(2)]);
  });

  it('takes entries from whoever had a connection to the former master', async () => {
    await using opened = await open();
    const { index, promoted, proxy } = opened;
    proxy.leadTo(opened.addresses[1]);
    await opened.swap();
    let added = 0;
    const isAdded = async () =>
      (await index.add(MAILBOX, object(digestOf(++added)))).token !== null;
    await until(isAdded, 20);
    assert.notEqual(await promoted.find(MAILBOX, digestOf(added)), null);
  });
});

/** An index over a proxy that leads to the master, and another at its replica. */
async function open() {
  await using opened = new AsyncDisposableStack();
  const pair = await startRedisPair();
  assert.ok(!('missing' in pair));
  opened.use(pair);
  const proxy = opened.use(await startFaultProxy(pair.addresses[0]));
  const prefix = uniqueName('held');
  const options = {
    prefix,
    clock: systemClock,
    log: silentLog,
    deadlineMs: 10_000,
    addingMs: 10_000,
    readingMs: 10_000,
  };
  const index = opened.use(new RedisHeldIndex({ ...options, url: `redis://${proxy.address}` }));
  const promoted = opened.use(
    new RedisHeldIndex({ ...options, url: `redis://${pair.addresses[1]}` }),
  );
  const closing = opened.move();
  return {
    ...pair,
    proxy,
    prefix,
    index,
    promoted,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

/** Resolves once the replica has what was written to the master. */
async function untilReplicated([master, replica]: Awaited<
  ReturnType<typeof open>
>['clients']): Promise<void> {
  const offset = async (client: typeof master) =>
    /(?:master_repl_offset|slave_repl_offset):(\d+)/.exec(await client.info('replication'))?.[1];
  await until(async () => (await offset(master)) === (await offset(replica)), 10);
}
