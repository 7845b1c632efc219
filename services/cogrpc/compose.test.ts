import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { systemClock } from '#clock/clock.ts';
import { silentLog } from '#log/log.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { identity } from '#test/builders/peers.ts';
import { MemoryVault } from '#test/cogrpc/memory-vault.ts';
import { Courier } from '#test/peers/courier.ts';
import { InMemoryWorkQueue } from '#work-queue/in-memory.ts';
import { composeCogrpc } from './compose.ts';
import { readCogrpcConfig } from './config.ts';

/** All that is backed is given, and never reached. */
const ENVIRONMENT = {
  INTERNET_ADDRESS: 'gateway.example',
  BIND_HOST: '127.0.0.1',
  COGRPC_PORT: '0',
  COGRPC_DRAIN: '1s',
  OPERATIONS_PORT: '0',
  OBJECT_STORE: 'gcs',
  GCS_BUCKET: 'unused',
  RECORD_STORE: 'firestore',
  FIRESTORE_PROJECT: 'unused',
  KEY_VAULT: 'local',
  SIGNALS: 'redis',
  WORK_QUEUE: 'redis',
  REDIS_URL: 'redis://127.0.0.1:1',
};

describe('composeCogrpc', () => {
  it('serves couriers on the ports it is given, until it is disposed of', async () => {
    await using opened = await open({});
    using courier = new Courier(opened.port);
    const stream = courier.deliver();
    stream.call.end();
    assert.equal((await stream.ended).code, status.OK);
    await opened.close();
    using late = new Courier(opened.port);
    assert.equal((await late.deliver({ deadlineMs: 60_000 }).ended).code, status.UNAVAILABLE);
  });

  it('lets one connection carry as many calls at once as it is told to', async () => {
    await using opened = await open({ COGRPC_MAX_CALLS_PER_CONNECTION: '1' });
    using courier = new Courier(opened.port);
    // The connection stands, and says how many it takes.
    const before = courier.deliver();
    before.call.end();
    await before.ended;
    const first = courier.deliver();
    const second = courier.deliver({ deadlineMs: 500 });
    second.call.end();
    assert.equal((await second.ended).code, status.DEADLINE_EXCEEDED);
    using other = new Courier(opened.port);
    const third = other.deliver();
    third.call.end();
    assert.equal((await third.ended).code, status.OK);
    first.call.end();
    assert.equal((await first.ended).code, status.OK);
  });
});

async function open(variables: Readonly<Record<string, string>>) {
  const config = readCogrpcConfig({ ...ENVIRONMENT, ...variables });
  const queue = new InMemoryWorkQueue();
  const cogrpc = await composeCogrpc(config, {
    objects: new InMemoryObjectStore(),
    records: new InMemoryRecordStore({ clock: systemClock }),
    vault: new MemoryVault(identity('this gateway')),
    signals: new InProcessSignals({ log: silentLog }),
    queue,
    clock: systemClock,
    log: silentLog,
  });
  const opened = new AsyncDisposableStack();
  opened.use(queue);
  opened.use(cogrpc);
  return {
    port: cogrpc.listening.cogrpc,
    close: () => opened.disposeAsync(),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
