import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Peer, privateGateway, validAround } from '#test/builders/peers.ts';
import { Collector, refusedUpgrade } from './support/collector.ts';
import { GatewayUnderTest, START } from './support/gateway-under-test.ts';
import { HttpClient, PARCEL_TYPE } from './support/http-client.ts';
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

/** Resolves once requests to PoWeb are answered 503: those of all other servers have ended. */
async function untilRefused(port: number): Promise<void> {
  for (let status = 200; status !== 503; ) {
    using client = new HttpClient(port);
    ({ status } = await client.get('/connection-params.der'));
  }
}
