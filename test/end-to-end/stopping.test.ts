import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { type Peer, privateGateway, validAround } from '#test/builders/peers.ts';
import { Collector, refusedUpgrade } from '#test/peers/collector.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { InMemoryWorkQueue } from '#work-queue/in-memory.ts';
import type { Consumer } from '#work-queue/port.ts';
import { FaultyStore } from './support/faulty-store.ts';
import { GatewayUnderTest, START } from './support/gateway-under-test.ts';
import { RawClient } from './support/raw-client.ts';

describe('a gateway in one process that is told to stop', () => {
  let gateway: GatewayUnderTest;
  let phone: Peer;

  before(async () => {
    gateway = await GatewayUnderTest.start();
    phone = await privateGateway('phone', gateway.us, validAround(START));
  });
  after(() => gateway[Symbol.asyncDispose]());

  it('serves collectors until all else is done, and then closes them at once', async () => {
    using present = await Collector.open(gateway.poweb, [phone]);
    using another = await Collector.open(gateway.poweb, [phone]);
    await present.roundTrip();
    await another.roundTrip();
    another.acknowledgeAll();
    using toInternetApps = await RawClient.connect(gateway.pohttp);
    await toInternetApps.begin('/', { 'content-type': PARCEL_TYPE }, 2);
    using toPhones = await RawClient.connect(gateway.poweb);
    await toPhones.begin('/v1/parcels', { 'content-type': PARCEL_TYPE }, 2);

    const stopped = gateway.running[Symbol.asyncDispose]();
    using newcomer = await Collector.open(gateway.poweb, [phone]);
    await newcomer.roundTrip();
    using client = new HttpClient(gateway.poweb);
    assert.equal((await client.get('/connection-params.der')).status, 200);
    await gateway.hold(phone);
    present.acknowledge(await present.next());
    await present.roundTrip();

    await toInternetApps.write(Buffer.alloc(2));
    assert.equal(await toInternetApps.status(), 400);
    await untilRefused(gateway.poweb);
    await present.roundTrip();
    await newcomer.roundTrip();
    assert.equal(newcomer.waiting, 0);

    await toPhones.write(Buffer.alloc(2));
    assert.equal(await toPhones.status(), 401);
    const ends = await Promise.all([present.closed, another.closed, newcomer.closed]);
    assert.deepEqual(
      ends.map(({ code }) => code),
      [4000, 4000, 4000],
    );
    await stopped;
    await assert.rejects(refusedUpgrade(gateway.poweb), { code: 'ECONNREFUSED' });
  });
});

describe('a gateway in one process that cannot drain as it should', () => {
  it('sends phones away nevertheless, and then fails', async () => {
    const clock = new ManualClock(START);
    const queue = new QueueThatCannotClose({ clock });
    const { gateway, phone } = await gatewayWithPhone({ clock, queue });
    using collector = await Collector.open(gateway.poweb, [phone]);
    await collector.roundTrip();
    const stopped = assert.rejects(async () => gateway.running[Symbol.asyncDispose](), {
      code: 'backing-unavailable',
    });
    assert.equal((await collector.closed).code, 4000);
    await stopped;
  });

  it('waits 2 s for what phones acknowledged to be deleted', async () => {
    const store = new FaultyStore();
    const { gateway, phone } = await gatewayWithPhone({ objects: store.objects });
    await gateway.hold(phone);
    using collector = await Collector.open(gateway.poweb, [phone]);
    const delivery = await collector.next();
    store.fault = 'stuck';
    store.methods = ['delete'];
    collector.acknowledge(delivery);
    await collector.roundTrip();
    assert.equal(store.stuck, 1);
    const stopped = gateway.running[Symbol.asyncDispose]();
    assert.equal((await collector.closed).code, 4000);
    gateway.clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
    gateway.clock.advance(2_000);
    await stopped;
  });
});

class QueueThatCannotClose extends InMemoryWorkQueue {
  override consume(...parameters: Parameters<InMemoryWorkQueue['consume']>): Consumer {
    const consumer = super.consume(...parameters);
    return {
      async close(options) {
        await consumer.close(options);
        throw new BackingUnavailableError('work-queue', 'told to fail');
      },
    };
  }
}

describe('a gateway in one process that is told to stop while strangers hold on to it', () => {
  it('is gone as soon as a phone was told, whoever does not close after a refused upgrade', async () => {
    const { gateway, phone } = await gatewayWithPhone();
    using stranger = await RawClient.connect(gateway.poweb, { closesByItself: false });
    await stranger.write(UPGRADE_NOWHERE);
    assert.equal(await stranger.status(), 404);
    using collector = await Collector.open(gateway.poweb, [phone]);
    await collector.roundTrip();
    const stopped = gateway.running[Symbol.asyncDispose]();
    assert.equal((await collector.closed).code, 4000);
    await stopped;
  });

  it('cuts who sent half a request to any port, before it tells phones', async () => {
    const { gateway, phone } = await gatewayWithPhone();
    using atPoweb = await RawClient.connect(gateway.poweb);
    await atPoweb.write('GET / HTTP/1.1\r\nHost:');
    using atPohttp = await RawClient.connect(gateway.pohttp);
    await atPohttp.write('GET / HTTP/1.1\r\nHost:');
    using collector = await Collector.open(gateway.poweb, [phone]);
    await collector.roundTrip();
    const stopped = gateway.running[Symbol.asyncDispose]();
    await untilNobodyIsAccepted(gateway.pohttp);
    gateway.clock.advance(1_000);
    assert.equal(await atPohttp.rest(), '');
    await untilRefused(gateway.poweb);
    await collector.roundTrip();
    gateway.clock.advance(1_000);
    assert.equal(await atPoweb.rest(), '');
    assert.equal((await collector.closed).code, 4000);
    await stopped;
  });

  it('cuts after 200 ms who sends half a request at the very end', async () => {
    const { gateway, phone } = await gatewayWithPhone();
    using silent = await Collector.open(gateway.poweb, [phone]);
    await silent.roundTrip();
    silent.stopReading();
    const stopped = gateway.running[Symbol.asyncDispose]();
    await untilRefused(gateway.poweb);
    using newcomer = await RawClient.connect(gateway.poweb);
    await newcomer.write('GET / HTTP/1.1\r\nHost:');
    using seen = await RawClient.connect(gateway.poweb);
    await seen.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal(await seen.status(), 503);
    gateway.clock.advance(1_000);
    await untilNobodyIsAccepted(gateway.poweb);
    gateway.clock.advance(200);
    assert.equal(await newcomer.rest(), '');
    await stopped;
  });
});

const UPGRADE_NOWHERE =
  'GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

async function gatewayWithPhone(
  given: Parameters<typeof GatewayUnderTest.start>[0] = {},
): Promise<{ gateway: GatewayUnderTest; phone: Peer }> {
  const gateway = await GatewayUnderTest.start(given);
  return { gateway, phone: await privateGateway('phone', gateway.us, validAround(START)) };
}

/** Resolves once nobody is accepted at the port any more. */
async function untilNobodyIsAccepted(port: number): Promise<void> {
  for (;;) {
    try {
      using _ = await RawClient.connect(port);
    } catch {
      return;
    }
  }
}

/** Resolves once requests to PoWeb are answered 503: those of all other servers have ended. */
async function untilRefused(port: number): Promise<void> {
  for (let status = 200; status !== 503; ) {
    using client = new HttpClient(port);
    ({ status } = await client.get('/connection-params.der'));
  }
}
