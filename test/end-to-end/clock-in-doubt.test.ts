import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { ClockPlausibility } from '#clock/clock-plausibility.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { CARGO_PREFIX } from '#gateway/held/object-keys.ts';
import { CARGO_TOPIC } from '#gateway/held/topics.ts';
import { type Peer, signNonce } from '#test/builders/peers.ts';
import { certified, parcelOn, type Road, secondsFrom } from '#test/builders/road.ts';
import { Collector } from '#test/peers/collector.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { postingOf } from '#test/peers/phone.ts';
import { until } from '#test/runtime/until.ts';
import { CourieredGateway } from './cargo/couriered-gateway.ts';
import { START } from './support/gateway-under-test.ts';

const DAY_S = 86_400;

describe('A gateway whose clock is in doubt', () => {
  const clock = new ManualClock(START);
  const plausibility = new ClockPlausibility({ clock, notBefore: new Date(0) });
  let couriered: CourieredGateway;
  let road: Road;
  let expired: Uint8Array;
  let future: Uint8Array;
  let phoneOfThePast: Peer;

  function witness(offsetSeconds: number): void {
    const oursMs = clock.now().getTime();
    plausibility.hear({ by: 'a witness', theirsMs: oursMs - offsetSeconds * 1_000, oursMs });
  }

  before(async () => {
    couriered = await CourieredGateway.start({ clock, plausibility });
    road = couriered.road;
    expired = parcelOn(road, { createdAt: secondsFrom(road, -DAY_S), ttlSeconds: DAY_S - 1 });
    future = parcelOn(road, { createdAt: secondsFrom(road, DAY_S) });
    phoneOfThePast = certified(road, road.phone, road.us, { notAfter: secondsFrom(road, -1) });
  });
  beforeEach(() => witness(DAY_S));
  after(() => couriered[Symbol.asyncDispose]());

  async function post(body: Uint8Array, phone: Peer = road.phone): Promise<number> {
    using client = new HttpClient(couriered.gateway.poweb);
    return (await client.post('/v1/parcels', await postingOf(body, phone))).status;
  }

  async function postFromInternet(body: Uint8Array): Promise<number> {
    using client = new HttpClient(couriered.gateway.pohttp);
    return (await client.post('/', { headers: { 'content-type': PARCEL_TYPE }, body })).status;
  }

  it('answers phones 503 where it would refuse a parcel for its dates, and else as always', async () => {
    assert.deepEqual([await post(expired), await post(future)], [503, 503]);
    assert.equal(await post(parcelOn(road)), 202);
    assert.equal(await post(Buffer.from('hello')), 422);
    witness(0);
    assert.deepEqual([await post(expired), await post(future)], [422, 422]);
  });

  it('answers phones 503 where it would refuse a countersignature for the dates of its certificate', async () => {
    assert.equal(await post(parcelOn(road), phoneOfThePast), 503);
    witness(0);
    assert.equal(await post(parcelOn(road), phoneOfThePast), 403);
  });

  it('registers nobody, as certificates with wrong dates would keep phones out', async () => {
    using client = new HttpClient(couriered.gateway.poweb);
    const body = Buffer.from('ab'.repeat(32));
    const ask = () =>
      client.post('/v1/pre-registrations', { headers: { 'content-type': 'text/plain' }, body });
    assert.equal((await ask()).status, 503);
    witness(0);
    assert.equal((await ask()).status, 200);
  });

  it('answers Internet apps 503 likewise', async () => {
    assert.deepEqual([await postFromInternet(expired), await postFromInternet(future)], [503, 503]);
    assert.equal(await postFromInternet(parcelOn(road)), 202);
    witness(0);
    assert.equal(await postFromInternet(expired), 403);
  });

  it('closes a collection with 1011 where it would refuse the handshake for its dates', async () => {
    const codes: number[] = [];
    for (const offset of [DAY_S, 0]) {
      witness(offset);
      using collector = new Collector(couriered.gateway.poweb);
      const nonce = await collector.challenge();
      collector.respond([await signNonce(nonce, phoneOfThePast)]);
      codes.push((await collector.closed).code);
    }
    assert.deepEqual(codes, [1011, 1003]);
  });

  it('hands out what has expired by its clock', async () => {
    const parcel = { privateGateway: road.phone.nodeId, recipient: 'r', sender: 's' };
    await couriered.gateway.running.gateway.mailbox.store(
      { ...parcel, parcelId: 'expired' },
      Buffer.from('a parcel'),
      secondsFrom(road, -1),
    );
    using collector = await Collector.open(couriered.gateway.poweb, [road.phone]);
    collector.acknowledgeAll();
    await couriered.gateway.untilEmpty(road.phone);
  });

  it('acknowledges no cargo that it would refuse for its dates, but those that come after it', async () => {
    const template = { createdAt: secondsFrom(road, -DAY_S), ttlSeconds: DAY_S - 1 };
    const deliver = async () => {
      const stream = couriered.courier.deliver();
      stream.send({ id: 'old', cargo: couriered.craft('cargo', template) });
      stream.send({ id: 'good', cargo: couriered.cargo([]) });
      await stream.receivedAtLeast(1);
      stream.call.end();
      const { code } = await stream.ended;
      return { code, acknowledged: stream.received.map(({ id }) => id).sort() };
    };
    assert.deepEqual(await deliver(), { code: status.UNAVAILABLE, acknowledged: ['good'] });
    witness(0);
    assert.deepEqual(await deliver(), { code: status.OK, acknowledged: ['good', 'old'] });
    await couriered.unpacked();
  });

  it('drops self-issued cargo at once, whatever the time is', async () => {
    const sender = certified(road, road.phone, road.phone, { isCa: true });
    const counts = await couriered.counting(() =>
      couriered.deliver(couriered.craft('cargo', { sender })),
    );
    assert.deepEqual(counts, { 'cargoRefused untrusted-path': 1 });
  });

  it('takes what is good from a cargo, and keeps the cargo until it can judge the rest', async () => {
    const counts = await couriered.counting(async () => {
      await couriered.deliver(couriered.cargo([expired, parcelOn(road, { id: 'good one' })]));
      await until(() => (couriered.metrics.counts['parcelAccepted cargo gateway'] ?? 0) > 0);
    });
    assert.equal(counts['parcelRefused cargo expired'], undefined);
    assert.equal((await couriered.keys(CARGO_PREFIX)).length, 1);
    witness(0);
    while ((await couriered.queue.depth(CARGO_TOPIC)) > 0) {
      clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await couriered.unpacked();
    assert.deepEqual(await couriered.keys(CARGO_PREFIX), []);
    assert.equal(couriered.metrics.counts['parcelRefused cargo expired'], 1);
  });

  it('counts what it puts off', async () => {
    const counts = await couriered.counting(async () => {
      await post(expired);
      await postFromInternet(future);
      await post(parcelOn(road));
    });
    assert.equal(counts.postponedForClock, 2);
  });

  it('is not made so by messages of peers, however they are dated', async () => {
    witness(0);
    for (const body of [expired, future, parcelOn(road, { createdAt: secondsFrom(road, -600) })]) {
      await post(body);
      await postFromInternet(body);
    }
    await post(parcelOn(road), phoneOfThePast);
    await couriered.deliver(couriered.cargo([expired, future]));
    await couriered.unpacked();
    assert.equal(plausibility.doubt, null);
  });
});
