import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { silentLog } from '#log/log.ts';
import { composePoweb, type Poweb } from '#services/poweb/compose.ts';
import { readPowebConfig } from '#services/poweb/config.ts';
import { Collector } from '#test/peers/collector.ts';
import { Phone } from '#test/peers/phone.ts';
import { missingForServices, provisionCloudGateway } from '#test/services/cloud-gateway.ts';
import { ServiceProcess } from '#test/services/service-process.ts';
import {
  type EdgeBackends,
  freePodPorts,
  startBalancer,
  startEdge,
  untilCount,
} from './edge/haproxy.ts';
import { type HaproxyProcess, missingHaproxy } from './edge/haproxy-process.ts';
import { PodNames } from './edge/pod-names.ts';
import { FORM } from './restarts/form.ts';
import { undergoRestarts } from './restarts/undergo.ts';

/** The edge's patience and the silence, by which the one must not end the other: true or in proportion. */
const TIMES = process.env.TEST_LONG
  ? { patience: '30s', silenceMs: 40_000 }
  : { patience: '1s', silenceMs: 2_500 };

/** A busy machine may take long until all know each other. */
const START_TIMEOUT_MS = 100_000;

describe('services behind an edge, and collection behind load balancers of its own', {
  skip: missingHaproxy || (await missingForServices()),
}, () => {
  const opened = new AsyncDisposableStack();
  let environment: Readonly<Record<string, string>>;
  let pods: readonly string[];
  let collections: ServiceProcess[];
  let balancers: readonly [HaproxyProcess, HaproxyProcess];
  let backends: EdgeBackends;

  const startPod = (address: string) =>
    ServiceProcess.start('collection', {
      ...environment,
      BIND_HOST: address,
      OPERATIONS_HOST: address,
    });

  before(async () => {
    const gateway = await provisionCloudGateway();
    const ports = await freePodPorts();
    environment = {
      ...gateway.environment,
      ...FORM.moving,
      LOG_LEVEL: 'warn',
      COLLECTION_PORT: `${ports.port}`,
      OPERATIONS_PORT: `${ports.operationsPort}`,
      COLLECTION_AGENT_PORT: `${ports.agentPort}`,
    };
    pods = ['127.0.1.1', '127.0.1.2'];
    collections = await Promise.all(pods.map(startPod));
    opened.defer(async () => {
      await Promise.all(collections.map((service) => service[Symbol.asyncDispose]()));
    });
    await Promise.all(collections.map((service) => service.untilReady()));
    const poweb = async () => opened.use(await composePowebOnAnyPort(gateway.environment));
    const names = opened.use(await PodNames.start());
    names.addresses = pods;
    const balancer = async (source: string) =>
      opened.use(await startBalancer({ nameserver: names.address, ports, source }));
    balancers = [await balancer('127.0.2.1'), await balancer('127.0.2.2')];
    const signal = AbortSignal.timeout(START_TIMEOUT_MS);
    await Promise.all(balancers.map((each) => untilCount(each, 'UP', pods.length, signal)));
    backends = {
      poweb: [backendOf(await poweb()), backendOf(await poweb())],
      collection: balancers,
    };
  });
  after(() => opened.disposeAsync());

  it('a collection outlives the edge’s patience with PoWeb, and then receives a parcel', async () => {
    const times = { POWEB_TIMEOUT: TIMES.patience, COLLECTION_TIMEOUT: '4h' };
    await using edge = await startEdge(backends, times);
    const phone = await Phone.register(edge.port);
    using collector = await phone.collect();
    await collector.roundTrip();
    await pause(TIMES.silenceMs);
    const parcel = await phone.deliver();
    const delivery = await collector.next();
    assert.deepEqual(Buffer.from(delivery.parcel), Buffer.from(parcel));
  });

  it('it would not with the same patience for all, which this test would notice', async () => {
    const times = { POWEB_TIMEOUT: '1s', COLLECTION_TIMEOUT: '1s' };
    await using edge = await startEdge(backends, times);
    const phone = await Phone.register(edge.port, 'another phone');
    using collector = await phone.collect();
    assert.equal((await collector.closed).code, 1006);
  });

  it('the first ping comes with the challenge, and nothing but collection is to be had', async () => {
    const [balancer] = balancers;
    using collector = new Collector(balancer.port);
    await Promise.all([once(collector.socket, 'ping'), collector.challenge()]);
    for (const path of ['/', '/v1/parcels', '/v1/parcel-collection/', '/metrics']) {
      assert.equal((await fetch(`http://127.0.0.1:${balancer.port}${path}`)).status, 404, path);
    }
  });

  it('no Android phone is lost while collection is restarted, one process after the other', async (t) => {
    const times = { POWEB_TIMEOUT: '30s', COLLECTION_TIMEOUT: '4h' };
    await using edge = await startEdge(backends, times);
    await undergoRestarts(t, { port: edge.port, times: FORM.rolls }, async () => {
      for (const [index, address] of pods.entries()) {
        const old = collections[index] ?? assert.fail();
        const stopped = old.stop();
        // It has said so itself: it still answers, and keeps those whom it has.
        await Promise.all(balancers.map((balancer) => untilCount(balancer, 'DRAIN', 1, t.signal)));
        assert.equal(await stopped, 0, old.output);
        const fresh = await startPod(address);
        collections[index] = fresh;
        await fresh.untilReady();
        // They must have seen that it is there before the other one goes.
        await Promise.all(
          balancers.map((balancer) => untilCount(balancer, 'UP', pods.length, t.signal)),
        );
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
