import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { systemClock } from '#clock/clock.ts';
import { silentLog } from '#log/log.ts';
import { noMetrics } from '#metrics/port.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { readConfiguration } from '#runtime/configuration/configuration.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { identity } from '#test/builders/peers.ts';
import { Courier } from '#test/cogrpc/courier.ts';
import { MemoryVault } from '#test/cogrpc/memory-vault.ts';
import { InMemoryWorkQueue } from '#work-queue/in-memory.ts';
import { composeCogrpc } from './compose.ts';
import { COGRPC_VARIABLES } from './config.ts';

describe('composeCogrpc', () => {
  it('serves couriers on the ports it is given, until it is disposed of', async () => {
    await using opened = await open({});
    using courier = new Courier(opened.port);
    const stream = courier.deliver();
    stream.call.end();
    assert.equal((await stream.ended).code, status.OK);
    await opened.close();
    using late = new Courier(opened.port);
    assert.equal((await late.deliver({ deadlineMs: 2_000 }).ended).code, status.UNAVAILABLE);
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
  const environment = { BIND_HOST: '127.0.0.1', COGRPC_PORT: '0', COGRPC_DRAIN: '1s' };
  const config = readConfiguration({ ...environment, ...variables }, COGRPC_VARIABLES);
  const queue = new InMemoryWorkQueue();
  const cogrpc = await composeCogrpc(config, 'gateway.example', {
    objects: new InMemoryObjectStore(),
    records: new InMemoryRecordStore({ clock: systemClock }),
    vault: new MemoryVault(identity('this gateway')),
    signals: new InProcessSignals({ log: silentLog }),
    queue,
    clock: systemClock,
    log: silentLog,
    metrics: noMetrics,
  });
  const opened = new AsyncDisposableStack();
  opened.use(queue);
  opened.use(cogrpc);
  return {
    port: cogrpc.port,
    close: () => opened.disposeAsync(),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
