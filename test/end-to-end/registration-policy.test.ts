import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { ManualClock } from '#clock/manual-clock.ts';
import { identity } from '#test/builders/peers.ts';
import { parcelOn } from '#test/builders/road.ts';
import { AndroidPhone } from '#test/peers/android-phone.ts';
import { Collector } from '#test/peers/collector.ts';
import { Phone } from '#test/peers/phone.ts';
import { until } from '#test/runtime/until.ts';
import { CourieredGateway } from './cargo/couriered-gateway.ts';
import type { GatewayUnderTest } from './support/gateway-under-test.ts';
import { Operator } from './support/operator.ts';
import { post, register, SharedGateways } from './support/shared-gateways.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const INVITATION = { REGISTRATION: 'invitation' };
const CLOSED = { REGISTRATION: 'closed' };
const CLOSING = { headers: { 'x-awala-streaming-mode': 'close-upon-completion' } };

const [anna, ben, cleo] = [identity('anna'), identity('ben'), identity('cleo')];
const newcomers = [anna, ben, cleo, identity('dan'), identity('eve')];

describe('where registration is by invitation', () => {
  it('nobody new registers unless invited', async () => {
    await using setting = new SharedGateways();
    const gateway = await setting.gateway(INVITATION);
    assert.equal(await register(gateway, anna), 403);
    assert.ok(gateway.loggedAt('info').some((line) => line.includes(anna.nodeId)));
  });

  it('as many newcomers register as are invited, at once, whichever process they ask', async () => {
    await using setting = new SharedGateways();
    const gateways = [await setting.gateway(INVITATION), await setting.gateway(INVITATION)];
    await setting.operator.invite(3, 15 * MINUTE_MS);
    const asked = newcomers.map((each, index) =>
      register(gateways[index % 2] as GatewayUnderTest, each),
    );
    const answers = await Promise.all(asked);
    assert.deepEqual(answers.toSorted(), [200, 200, 200, 403, 403]);
    assert.equal((await setting.operator.orders.invitation())?.places, 0);
  });

  it('one that asks again takes no other place', async () => {
    await using setting = new SharedGateways();
    const [first, second] = [await setting.gateway(INVITATION), await setting.gateway(INVITATION)];
    await setting.operator.invite(2, 15 * MINUTE_MS);
    assert.equal(await register(first, anna), 200);
    assert.equal(await register(second, anna), 200);
    assert.equal(await register(second, ben), 200);
    assert.equal(await register(first, cleo), 403);
  });

  it('an invitation ends in time, and when another takes its place', async () => {
    await using setting = new SharedGateways();
    const gateway = await setting.gateway(INVITATION);
    await setting.operator.invite(5, 15 * MINUTE_MS);
    assert.equal(await register(gateway, anna), 200);
    setting.clock.advance(15 * MINUTE_MS);
    assert.equal(await register(gateway, ben), 403);
    await setting.operator.invite(5, 15 * MINUTE_MS);
    await setting.operator.invite(0, 15 * MINUTE_MS);
    assert.equal(await register(gateway, ben), 403);
  });

  it('an invited phone is served as any other', async () => {
    const started = new ManualClock(new Date());
    const operator = new Operator(started);
    const { records } = operator;
    await using couriered = await CourieredGateway.start({ clock: started, records }, INVITATION);
    await operator.invite(1, 15 * MINUTE_MS);
    const phone = await Phone.register(couriered.gateway.poweb, 'anna', started.now());
    await phone.deliver();
    const cca = await AndroidPhone.of(phone).cca();
    // It is dated by the system's clock, which goes on meanwhile.
    started.advance(MINUTE_MS);
    assert.deepEqual(await couriered.collect(cca), { code: 0, details: 'OK', cargoes: 1 });
  });

  it('a phone that is blocked takes no place', async () => {
    await using setting = new SharedGateways();
    const gateway = await setting.gateway(INVITATION);
    await setting.operator.block(anna, setting.serving);
    await setting.operator.invite(1, 15 * MINUTE_MS);
    assert.equal(await register(gateway, anna), 403);
    assert.equal(await register(gateway, ben), 200);
  });
});

describe('where registration is closed', () => {
  it('an invitation lets nobody in who is not named', async () => {
    await using setting = new SharedGateways();
    const gateway = await setting.gateway(CLOSED);
    await setting.operator.invite(5, 15 * MINUTE_MS);
    assert.ok(await setting.operator.inviteById(ben, DAY_MS));
    assert.equal(await register(gateway, anna), 403);
    assert.equal(await register(gateway, ben), 200);
    assert.ok(!(await setting.operator.inviteById(ben, DAY_MS)));
    assert.ok(await setting.operator.inviteById(cleo, DAY_MS));
    setting.clock.advance(DAY_MS);
    assert.equal(await register(gateway, cleo), 403);
    assert.equal(await register(gateway, ben), 200);
  });

  it('a phone that registered before renews once it delivered a parcel', async () => {
    await using setting = new SharedGateways();
    const open = await setting.gateway();
    const road = await open.road();
    assert.equal((await post(open, road, parcelOn(road))).status, 202);
    assert.deepEqual(await Array.fromAsync(setting.records.list({ name: 'renewal-note' }, '')), []);

    const [one, other] = [await setting.gateway(CLOSED), await setting.gateway(CLOSED)];
    assert.equal(await register(one, road.phone), 403);
    assert.equal((await post(other, road, parcelOn(road))).status, 202);
    await untilKnown(one, road.phone.nodeId);
    assert.equal(await register(one, road.phone), 200);
  });

  it('a phone that registered before renews once it collected', async () => {
    await using setting = new SharedGateways();
    const gateway = await setting.gateway(CLOSED);
    const { phone } = await gateway.road();
    using collector = await Collector.open(gateway.poweb, [phone], CLOSING);
    assert.equal((await collector.closed).code, 1000);
    await untilKnown(gateway, phone.nodeId);
    assert.equal(await register(gateway, phone), 200);
  });

  it('a phone that registered before renews once a courier collected for it', async () => {
    await using couriered = await CourieredGateway.start({}, CLOSED);
    const { gateway, road } = couriered;
    const { code } = await couriered.collect(couriered.craft('cca'));
    assert.ok(code === status.OK || code === status.PERMISSION_DENIED);
    await untilKnown(gateway, road.phone.nodeId);
    assert.equal(await register(gateway, road.phone), 200);
  });

  it('who may be known is told to come later while the record store is away', async () => {
    await using setting = new SharedGateways();
    const gateway = await setting.gateway(CLOSED);
    setting.isStoreDown = true;
    assert.equal(await register(gateway, anna), 503);
  });
});

function untilKnown({ running }: GatewayUnderTest, nodeId: string): Promise<void> {
  return until(() => running.gateway.renewalNotes.isKnown(nodeId));
}
