import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { ManualClock } from '#clock/manual-clock.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { parcelOn } from '#test/builders/road.ts';
import { Collector } from '#test/peers/collector.ts';
import { until } from '#test/runtime/until.ts';
import { GatewayUnderTest, START } from './support/gateway-under-test.ts';
import { Operator } from './support/operator.ts';
import { post, register, SharedGateways } from './support/shared-gateways.ts';

const MINUTES_MS = 600_000;
const CLOSING = { headers: { 'x-awala-streaming-mode': 'close-upon-completion' } };

describe('a blocked phone', () => {
  it('is told to keep its parcels, as long as it is blocked, and others are served', async () => {
    await using setting = new SharedGateways();
    const { operator } = setting;
    const gateway = await setting.gateway();
    const [road, neighbour] = [await gateway.road('noisy'), await gateway.road('quiet')];
    const parcel = parcelOn(road);
    await operator.block(road.phone, setting.serving);

    const refused = await post(gateway, road, parcel);
    assert.equal(refused.status, 503);
    assert.equal(refused.headers['retry-after'], '5');
    assert.equal((await post(gateway, neighbour, parcelOn(neighbour))).status, 202);
    assert.equal(await gateway.heldFor(road.phone), 0);

    await operator.unblock(road.phone, setting.serving);
    assert.equal((await post(gateway, road, parcel)).status, 202);
  });

  it('cannot register or renew its certificate, even if it may collect', async () => {
    await using setting = new SharedGateways();
    const gateway = await setting.gateway();
    const road = await gateway.road();
    assert.equal(await register(gateway, road.phone), 200);
    await setting.operator.block(road.phone, setting.serving, { mayCollect: true });
    assert.equal(await register(gateway, road.phone), 403);
    assert.equal(await register(gateway, (await gateway.road('quiet')).phone), 200);
  });

  it('still has its parcels kept for it', async () => {
    await using setting = new SharedGateways();
    const gateway = await setting.gateway();
    const [road, neighbour] = [await gateway.road('noisy'), await gateway.road('quiet')];
    await setting.operator.block(road.phone, setting.serving);
    assert.equal((await post(gateway, neighbour, parcelOn(road))).status, 202);
    assert.equal(await gateway.heldFor(road.phone), 1);

    await setting.operator.unblock(road.phone, setting.serving);
    using collector = await Collector.open(gateway.poweb, [road.phone], CLOSING);
    collector.acknowledge(await collector.next());
    assert.equal((await collector.closed).code, 1000);
  });

  it('is blocked in every process within ten seconds, and after a restart', async () => {
    await using setting = new SharedGateways();
    const first = await setting.gateway();
    const second = await setting.gateway();
    const road = await first.road();
    await setting.operator.block(road.phone, setting.serving);
    for (const gateway of [first, second, await setting.gateway()]) {
      assert.equal((await post(gateway, road, parcelOn(road))).status, 503);
    }
  });

  it('stays blocked while the record store is away', async () => {
    await using setting = new SharedGateways();
    const gateway = await setting.gateway();
    const road = await gateway.road();
    await setting.operator.block(road.phone, setting.serving);
    setting.isStoreDown = true;
    setting.clock.advance(10_000);
    const line = 'Blocks and quotas could not be read again';
    await until(() => gateway.loggedAt('warn').some((each) => each.includes(line)));
    assert.equal((await post(gateway, road, parcelOn(road))).status, 503);
    setting.isStoreDown = false;
    await setting.operator.unblock(road.phone, setting.serving);
    assert.equal((await post(gateway, road, parcelOn(road))).status, 202);
  });

  it('is served again once its block has ended by itself', async () => {
    await using setting = new SharedGateways();
    const gateway = await setting.gateway();
    const road = await gateway.road();
    await setting.operator.block(road.phone, setting.serving, { forMs: MINUTES_MS });
    assert.equal((await post(gateway, road, parcelOn(road))).status, 503);
    setting.clock.advance(MINUTES_MS);
    const later = parcelOn({ ...road, now: setting.clock.now() });
    assert.equal((await post(gateway, road, later)).status, 202);
    assert.equal(await register(gateway, road.phone), 200);
  });

  it('costs a look one read, however many are blocked', async () => {
    const clock = new ManualClock(START);
    const reads: string[] = [];
    const records = new InMemoryRecordStore({
      clock,
      before: ({ method, kind }) => void (kind === 'peer-block' && reads.push(method)),
    });
    await using gateway = await GatewayUnderTest.start({ clock, records });
    const operator = new Operator(clock, records);
    const serving = { clock, policies: [gateway.running.gateway.policy] };
    for (const name of ['a', 'b', 'c']) {
      await operator.block((await gateway.road(name)).phone, serving);
    }
    reads.length = 0;
    for (let look = 1; look <= 6; look++) {
      clock.advance(5_000);
      await until(() => reads.length >= look);
      // The next look is planned only once this one is over.
      await othersTurn();
    }
    assert.deepEqual(reads, Array(6).fill('get'));
  });
});

describe('a blocked phone that collects', () => {
  it('is sent away so that it stays away, and its parcels stay', async () => {
    await using setting = new SharedGateways();
    const gateway = await setting.gateway();
    const { phone } = await gateway.road();
    await gateway.hold(phone);
    await setting.operator.block(phone, setting.serving);
    const closings = [
      { options: {}, code: 1000 },
      { options: CLOSING, code: 1008 },
      { options: { hasUserAgent: false }, code: 1008 },
    ];
    for (const { options, code } of closings) {
      using collector = await Collector.open(gateway.poweb, [phone], options);
      assert.equal(await collector.nextOrNull(), null);
      assert.equal((await collector.closed).code, code);
    }
    assert.equal(await gateway.heldFor(phone), 1);
  });

  it('is sent away when the block takes effect, and others stay', async () => {
    await using setting = new SharedGateways();
    const gateway = await setting.gateway();
    const [{ phone }, { phone: other }] = [
      await gateway.road('noisy'),
      await gateway.road('quiet'),
    ];
    using collector = await Collector.open(gateway.poweb, [phone]);
    using neighbour = await Collector.open(gateway.poweb, [other]);
    await collector.roundTrip();
    await neighbour.roundTrip();
    const eachSecond = async () => {
      await neighbour.roundTrip();
      await collector.roundTrip().catch(() => collector.closed);
    };
    await setting.operator.block(phone, { ...setting.serving, eachSecond });
    assert.equal((await collector.closed).code, 1000);
    await gateway.hold(other);
    assert.ok(await neighbour.next());
  });

  it('may be allowed to collect all the same', async () => {
    await using setting = new SharedGateways();
    const gateway = await setting.gateway();
    const road = await gateway.road();
    using collector = await Collector.open(gateway.poweb, [road.phone]);
    await collector.roundTrip();
    const eachSecond = () => collector.roundTrip();
    const serving = { ...setting.serving, eachSecond };
    await setting.operator.block(road.phone, serving, { mayCollect: true });
    await gateway.hold(road.phone);
    collector.acknowledge(await collector.next());
    await gateway.untilEmpty(road.phone);
    assert.equal((await post(gateway, road, parcelOn(road))).status, 503);
  });
});
