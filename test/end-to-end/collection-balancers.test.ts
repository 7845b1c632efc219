import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { type Collection, composeCollection } from '#services/collection/compose.ts';
import { readCollectionConfig } from '#services/collection/config.ts';
import { composePoweb } from '#services/poweb/compose.ts';
import { readPowebConfig } from '#services/poweb/config.ts';
import { signNonce } from '#test/builders/peers.ts';
import { AndroidCollector } from '#test/peers/android-collector.ts';
import { Phone } from '#test/peers/phone.ts';
import { missingForServices, provisionCloudGateway } from '#test/services/cloud-gateway.ts';
import { freePodPorts, type PodPorts, startBalancer, untilCount } from './edge/haproxy.ts';
import { type HaproxyProcess, missingHaproxy } from './edge/haproxy-process.ts';
import { LoyalFleet } from './edge/loyal-fleet.ts';
import { PodNames } from './edge/pod-names.ts';

const TEN_MINUTES_S = 600;
const COLLECTORS = 120;
/** Load balancers ask each 20 ms, so that they do in each second of the test's clock. */
const FAST = { CHECK_INTERVAL: '20ms' };
const SECOND_MS = 60;

describe('load balancers of collection', {
  skip: missingHaproxy || (await missingForServices()),
}, () => {
  const opened = new AsyncDisposableStack();
  const clock = new ManualClock(new Date());
  const pods = new Map<string, Collection>();
  let environment: Readonly<Record<string, string>>;
  let ports: PodPorts;
  let names: PodNames;
  let phone: Phone;

  before(async () => {
    const gateway = await provisionCloudGateway();
    ports = await freePodPorts();
    environment = {
      ...gateway.environment,
      COLLECTION_PORT: `${ports.port}`,
      OPERATIONS_PORT: `${ports.operationsPort}`,
      COLLECTION_AGENT_PORT: `${ports.agentPort}`,
      COLLECTION_LINGER: '0s',
    };
    names = opened.use(await PodNames.start());
    const anyPort = { POWEB_PORT: '0', OPERATIONS_PORT: '0' };
    const config = readPowebConfig({ ...gateway.environment, ...anyPort });
    const poweb = opened.use(await composePoweb(config, { log: silentLog }));
    phone = await Phone.register(poweb.listening.poweb);
  });
  after(async () => {
    await Promise.all([...pods.keys()].map(remove));
    await opened.disposeAsync();
  });

  /** A pod as a scale-out adds one. */
  async function add(address: string): Promise<void> {
    const config = readCollectionConfig({
      ...environment,
      BIND_HOST: address,
      OPERATIONS_HOST: address,
    });
    pods.set(address, await composeCollection(config, { log: silentLog, clock }));
    names.addresses = [...pods.keys()];
  }

  /** Ends a pod; its name goes with it. */
  async function remove(address: string): Promise<void> {
    const closing = Promise.resolve(pods.get(address)?.[Symbol.asyncDispose]());
    let isClosed = false;
    void closing.finally(() => {
      isClosed = true;
    });
    while (!isClosed) {
      clock.advance(1_000);
      await pause(5);
    }
    pods.delete(address);
    names.addresses = [...pods.keys()];
  }

  async function balancer(source: string): Promise<HaproxyProcess> {
    return startBalancer({ nameserver: names.address, ports, source, variables: FAST });
  }

  /** How many collect from each pod, by their own account. */
  async function loads(): Promise<readonly number[]> {
    return Promise.all(
      [...pods.keys()].map(async (address) => {
        const response = await fetch(`http://${address}:${ports.operationsPort}/metrics`);
        const line = /^awala_collectors_connected\{[^}]*\} (?<count>\d+)$/m;
        return Number(line.exec(await response.text())?.groups?.count);
      }),
    );
  }

  /** Lets a second pass, in which whoever is connected shows life. */
  async function passSecond(fleet: LoyalFleet): Promise<void> {
    clock.advance(1_000);
    await fleet.showLife();
    await pause(SECOND_MS);
  }

  const isEven = (counts: readonly number[]) => {
    const mean = counts.reduce((sum, each) => sum + each, 0) / counts.length;
    return counts.every((each) => Math.abs(each - mean) <= mean / 10);
  };

  it('whoever comes while there is no process gets no answer, and comes back when there is one', async ({
    signal,
  }) => {
    await using only = await balancer('127.0.3.1');
    assert.equal((await only.ask('/livez')).status, 200);
    assert.equal((await only.ask('/servez')).status, 503);
    const { promise, resolve } = Promise.withResolvers<void>();
    await using android = new AndroidCollector(only.port, {
      answerChallenge: (nonce) => signNonce(nonce, phone.phone),
      answerTimeoutMs: 1_000,
      onEnd: () => resolve(),
    });
    await promise;
    await add('127.0.4.1');
    await untilCount(only, 'UP', 1, signal);
    while (!android.isCollecting) {
      assert.equal(android.lostTo, null);
      await pause(20, undefined, { signal });
    }
    assert.equal((await only.ask('/servez')).status, 200);
    assert.deepEqual([...new Set(android.ends.map(({ pauseMs }) => pauseMs))], [500]);
  });

  it('after a scale-out collectors are spread evenly within ten minutes, moved with 4000', async (t) => {
    await add('127.0.4.2');
    await using one = await balancer('127.0.3.1');
    await using two = await balancer('127.0.3.2');
    const all = [one, two];
    await Promise.all(all.map((each) => untilCount(each, 'UP', 2, t.signal)));
    let turn = 0;
    await using fleet = new LoyalFleet(phone, () => all[turn++ % all.length]?.port ?? 0);
    await fleet.enlist(COLLECTORS, t.signal);
    assert.ok(isEven(await loads()), 'least connections');
    await add('127.0.4.3');
    await Promise.all(all.map((each) => untilCount(each, 'UP', 3, t.signal)));
    let seconds = 0;
    while (fleet.present < COLLECTORS || !isEven(await loads())) {
      await passSecond(fleet);
      seconds++;
      assert.ok(seconds < TEN_MINUTES_S, `${await loads()} after ten minutes`);
    }
    const counts = await loads();
    assert.ok(seconds > 0);
    t.diagnostic(`${counts} after ${seconds} s; ${fleet.codes.length} were moved`);
    assert.deepEqual([...new Set(fleet.codes)], [4000]);
  });

  it('one that is about to end loses no phone: those that came by it are moved', async (t) => {
    const { signal } = t;
    await using one = await balancer('127.0.3.1');
    await using two = await balancer('127.0.3.2');
    await Promise.all([one, two].map((each) => untilCount(each, 'UP', pods.size, signal)));
    let live = [one, two];
    let turn = 0;
    await using fleet = new LoyalFleet(phone, () => live[turn++ % live.length]?.port ?? 0);
    await fleet.enlist(COLLECTORS / 2, signal);
    await passSecond(fleet);
    live = [two];
    let exitCode: number | string | null = null;
    void one.stop().then((code) => {
      exitCode = code;
    });
    while (exitCode === null) {
      signal.throwIfAborted();
      await passSecond(fleet);
    }
    if (exitCode !== 0) {
      // HAProxy 2.6.12 crashes now and then once its last connection is over, which no phone sees.
      t.diagnostic(`HAProxy ended with ${exitCode}`);
    }
    assert.ok(fleet.codes.length >= COLLECTORS / 4);
    assert.deepEqual([...new Set(fleet.codes)], [4000]);
  });
});
