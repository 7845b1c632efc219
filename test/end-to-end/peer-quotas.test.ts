import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { ManualClock } from '#clock/manual-clock.ts';
import { parcelOn, type Road } from '#test/builders/road.ts';
import { CourieredGateway } from './cargo/couriered-gateway.ts';
import { type GatewayUnderTest, START } from './support/gateway-under-test.ts';
import { Operator } from './support/operator.ts';
import { post, SharedGateways } from './support/shared-gateways.ts';

const HOUR_MS = 3_600_000;
const TTL_SECONDS = 86_400;
const TWO = { QUOTA_PARCELS_PER_HOUR: '2' };

/** How many parcels a phone may send now, of ten. */
async function mayStillSend(gateway: GatewayUnderTest, road: Road): Promise<number> {
  const createdAt = gateway.clock.now();
  for (let sent = 0; sent < 10; sent++) {
    const parcel = parcelOn(road, { id: randomUUID(), createdAt, ttlSeconds: TTL_SECONDS });
    const answer = await post(gateway, road, parcel);
    if (answer.status !== 202) {
      assert.equal(answer.status, 503);
      assert.ok(Number(answer.headers['retry-after']) > 0);
      return sent;
    }
  }
  return 10;
}

describe('a phone with a quota of its own', () => {
  it('may send so many times as much as others, in every process within ten seconds', async () => {
    await using setting = new SharedGateways();
    const first = await setting.gateway(TWO);
    const second = await setting.gateway(TWO);
    const [school, other] = [await first.road('school'), await first.road('other')];
    assert.equal(await mayStillSend(first, school), 2);
    await setting.operator.setQuota(school.phone, setting.serving, { factor: 3 });
    assert.equal(await mayStillSend(first, school), 4);
    assert.equal(await mayStillSend(second, school), 6);
    assert.equal(await mayStillSend(await setting.gateway(TWO), school), 6);
    assert.equal(await mayStillSend(first, other), 2);
  });

  it('may be one that may send less', async () => {
    await using setting = new SharedGateways();
    const gateway = await setting.gateway({ QUOTA_PARCELS_PER_HOUR: '6' });
    const road = await gateway.road();
    await setting.operator.setQuota(road.phone, setting.serving, { factor: 0.25 });
    assert.equal(await mayStillSend(gateway, road), 2);
  });

  it('may send as much as others again once that has ended, or was taken back', async () => {
    await using setting = new SharedGateways();
    const gateway = await setting.gateway(TWO);
    const { operator, serving, clock } = setting;
    const road = await gateway.road();
    await operator.setQuota(road.phone, serving, { factor: 3, forMs: 2 * HOUR_MS });
    clock.advance(2 * HOUR_MS);
    assert.equal(await mayStillSend(gateway, road), 2);

    await operator.setQuota(road.phone, serving, { factor: 3 });
    assert.equal(await mayStillSend(gateway, road), 4);
    await operator.setQuota(road.phone, serving, { factor: 1 });
    clock.advance(2 * HOUR_MS);
    assert.equal(await mayStillSend(gateway, road), 2);
    assert.equal(await operator.orders.quotaOf(road.phone.nodeId), null);
  });

  it('is not limited by what does not limit others', async () => {
    await using setting = new SharedGateways();
    const gateway = await setting.gateway({ QUOTA_PARCELS_PER_HOUR: '0' });
    const road = await gateway.road();
    await setting.operator.setQuota(road.phone, setting.serving, { factor: 0.01 });
    assert.equal(await mayStillSend(gateway, road), 10);
  });

  it('may have couriers bring so many times as many cargoes', async () => {
    const clock = new ManualClock(START);
    const operator = new Operator(clock);
    const environment = { QUOTA_CARGOES_PER_HOUR: '1' };
    const { records } = operator;
    await using couriered = await CourieredGateway.start({ clock, records }, environment);
    const serving = { clock, policies: [couriered.gateway.running.gateway.policy] };
    await operator.setQuota(couriered.road.phone, serving, { factor: 2 });
    const cargo = () => couriered.cargo([], { id: randomUUID() });
    await couriered.deliver(cargo(), cargo());
    const stream = couriered.courier.deliver();
    stream.send({ id: 'over', cargo: cargo() });
    stream.call.end();
    assert.equal((await stream.ended).code, status.UNAVAILABLE);
  });
});
