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
    const environment = { BIND_HOST: '127.0.0.1', COGRPC_PORT: '0', COGRPC_DRAIN: '1s' };
    const config = readConfiguration(environment, COGRPC_VARIABLES);
    const ports = {
      objects: new InMemoryObjectStore(),
      records: new InMemoryRecordStore({ clock: systemClock }),
      vault: new MemoryVault(identity('this gateway')),
      signals: new InProcessSignals({ log: silentLog }),
      queue: new InMemoryWorkQueue(),
      clock: systemClock,
      log: silentLog,
      metrics: noMetrics,
    };
    const cogrpc = await composeCogrpc(config, 'gateway.example', ports);
    using courier = new Courier(cogrpc.port);
    const stream = courier.deliver();
    stream.call.end();
    assert.equal((await stream.ended).code, status.OK);
    await cogrpc[Symbol.asyncDispose]();
    using late = new Courier(cogrpc.port);
    assert.equal((await late.deliver({ deadlineMs: 2_000 }).ended).code, status.UNAVAILABLE);
    await ports.queue[Symbol.asyncDispose]();
  });
});
