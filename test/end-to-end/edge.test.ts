import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { silentLog } from '#log/log.ts';
import { composePoweb, type Poweb } from '#services/poweb/compose.ts';
import { readPowebConfig } from '#services/poweb/config.ts';
import { missingForServices, provisionCloudGateway } from '#test/services/cloud-gateway.ts';
import { NetworkPhone } from '#test/services/phone.ts';
import { ServiceProcess } from '#test/services/service-process.ts';
import { type EdgeBackends, Haproxy, missingHaproxy } from './edge/haproxy.ts';
import { FORM } from './restarts/form.ts';
import { undergoRestarts } from './restarts/undergo.ts';

/** The edge's patience and the silence, by which the one must not end the other: true or in proportion. */
const TIMES = process.env.TEST_LONG
  ? { patience: '30s', silenceMs: 40_000 }
  : { patience: '1s', silenceMs: 2_500 };

/** The edge asks every 100 ms. */
const EDGE_SEES_MS = 500;

describe('services behind an edge', {
  skip: missingHaproxy || (await missingForServices()),
}, () => {
  const opened = new AsyncDisposableStack();
  let environment: Readonly<Record<string, string>>;
  let collections: [ServiceProcess, ServiceProcess];
  let backends: EdgeBackends;

  before(async () => {
    const gateway = await provisionCloudGateway();
    environment = { ...gateway.environment, ...FORM.moving, LOG_LEVEL: 'warn' };
    const start = () => ServiceProcess.start('collection', environment);
    collections = [await start(), await start()];
    opened.defer(async () => {
      await Promise.all(collections.map((service) => service[Symbol.asyncDispose]()));
    });
    await Promise.all(collections.map((service) => service.untilReady()));
    const poweb = async () => opened.use(await composePowebOnAnyPort(environment));
    backends = {
      poweb: [backendOf(await poweb()), backendOf(await poweb())],
      collection: [collections[0], collections[1]],
    };
  });
  after(() => opened.disposeAsync());

  it('a collection outlives the edge’s patience with PoWeb, and then receives a parcel', async () => {
    const times = { POWEB_TIMEOUT: TIMES.patience, COLLECTION_TIMEOUT: '4h' };
    await using edge = await Haproxy.start(backends, times);
    const phone = await NetworkPhone.register(edge.port);
    using collector = await phone.collect(edge.port);
    await collector.roundTrip();
    await pause(TIMES.silenceMs);
    const parcel = await phone.deliver('after the silence');
    const delivery = await collector.next();
    assert.deepEqual(Buffer.from(delivery.parcel), Buffer.from(parcel));
  });

  it('it would not with the same patience for all, which this test would notice', async () => {
    const times = { POWEB_TIMEOUT: '1s', COLLECTION_TIMEOUT: '1s' };
    await using edge = await Haproxy.start(backends, times);
    const phone = await NetworkPhone.register(edge.port);
    using collector = await phone.collect(edge.port);
    assert.equal((await collector.closed).code, 1006);
  });

  it('no Android phone is lost while collection is restarted, one process after the other', async (t) => {
    const times = { POWEB_TIMEOUT: '30s', COLLECTION_TIMEOUT: '4h' };
    await using edge = await Haproxy.start(backends, times);
    await undergoRestarts(t, { port: edge.port, times: FORM.rolls }, async () => {
      for (const index of [0, 1] as const) {
        const { port, operationsPort } = collections[index];
        assert.equal(await collections[index].stop(), 0, collections[index].output);
        collections[index] = await ServiceProcess.startReady('collection', {
          ...environment,
          COLLECTION_PORT: `${port}`,
          OPERATIONS_PORT: `${operationsPort}`,
        });
        // The edge must have seen that it is there before the other one goes.
        await pause(EDGE_SEES_MS);
      }
    });
  });
});

async function composePowebOnAnyPort(environment: Readonly<Record<string, string>>) {
  const config = readPowebConfig({ ...environment, POWEB_PORT: '0', OPERATIONS_PORT: '0' });
  return composePoweb(config, { log: silentLog });
}

function backendOf({ listening }: Poweb) {
  return { port: listening.poweb, operationsPort: listening.operations };
}
