import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { serialisePca } from '#awala/cargo/pca.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { CARGO_PREFIX } from '#gateway/held/object-keys.ts';
import { parcelOn } from '#test/builders/road.ts';
import { authorizationOf } from '#test/peers/courier.ts';
import { until } from '#test/runtime/until.ts';
import { START } from '../support/gateway-under-test.ts';
import { Operator } from '../support/operator.ts';
import { CourieredGateway } from './couriered-gateway.ts';

const MINUTES_MS = 600_000;

async function opened() {
  const clock = new ManualClock(START);
  const operator = new Operator(clock);
  const couriered = await CourieredGateway.start({ clock, records: operator.records });
  const policies = [couriered.gateway.running.gateway.policy];
  return { clock, operator, couriered, serving: { clock, policies }, phone: couriered.road.phone };
}

describe('a blocked phone behind a courier', () => {
  it('brings nothing, and its cargo does not keep the courier from delivering that of others', async () => {
    const { operator, couriered, serving, phone } = await opened();
    await using _ = couriered;
    const neighbour = await couriered.gateway.road('quiet');
    await operator.block(phone, serving);
    const of = couriered.cargo([parcelOn(couriered.road)]);
    const other = couriered.craft('cargo', { sender: neighbour.phone });

    const counted = await couriered.counting(() => couriered.deliver(of, other));

    assert.equal(counted['cargoRefused peer-blocked'], 1);
    await couriered.unpacked();
    assert.equal(await couriered.gateway.heldFor(phone), 0);
  });

  it('has its cargo kept that came before the block, and unpacked after it', async () => {
    const { clock, operator, couriered, serving, phone } = await opened();
    await using _ = couriered;
    const neighbour = await couriered.gateway.road('quiet');
    await operator.block(phone, serving);
    const cargo = couriered.cargo([parcelOn(couriered.road)]);
    const key = `${CARGO_PREFIX}${phone.nodeId}/${'a'.repeat(64)}`;
    const expiresAt = new Date(clock.now().getTime() + 10 * MINUTES_MS);
    await couriered.objects.put(key, cargo, { expiresAt });
    await couriered.queue.enqueue('incoming-cargo', key, { expiresAt });
    // Queued later, and already set aside, as it cannot be decrypted: so the first had its turn.
    await couriered.deliver(couriered.craft('cargo', { sender: neighbour.phone }));
    await until(async () => (await couriered.setAside()).length === 1);
    await couriered.forgetSetAside();
    assert.deepEqual(await couriered.keys(CARGO_PREFIX), [key]);
    assert.equal(await couriered.gateway.heldFor(phone), 0);

    await operator.unblock(phone, serving);
    clock.advance(MINUTES_MS);
    await couriered.unpacked();
    assert.equal(await couriered.gateway.heldFor(phone), 1);
  });

  it('collects nothing, keeps its CCA for later, and its parcels stay', async () => {
    const { operator, couriered, serving, phone } = await opened();
    await using _ = couriered;
    await couriered.gateway.hold(phone);
    await operator.block(phone, serving);
    const cca = couriered.craft('cca');
    const refused = await couriered.collect(cca);
    assert.equal(refused.code, status.UNAVAILABLE);
    assert.equal(refused.cargoes, 0);
    assert.equal(await couriered.gateway.heldFor(phone), 1);

    await operator.unblock(phone, serving);
    assert.equal((await couriered.collect(cca)).cargoes, 1);
  });

  it('collects no more once the block takes effect', async () => {
    const { operator, couriered, serving, phone } = await opened();
    await using _ = couriered;
    await couriered.gateway.hold(phone);
    const call = couriered.courier.collect([authorizationOf(couriered.craft('cca'))]);
    await call.receivedAtLeast(1);
    await operator.block(phone, serving);
    assert.equal((await call.ended).code, status.UNAVAILABLE);
  });

  it('that may still collect does so, and its acknowledgements count, but not its parcels', async () => {
    const { operator, couriered, serving, phone } = await opened();
    await using _ = couriered;
    const { road, gateway } = couriered;
    const { mailbox } = gateway.running.gateway;
    const parcel = {
      recipient: road.recipient.nodeId,
      sender: road.sender.nodeId,
      parcelId: 'held',
    };
    const expiresAt = new Date(serving.clock.now().getTime() + 10 * MINUTES_MS);
    const identity = { ...parcel, privateGateway: phone.nodeId };
    await mailbox.store(identity, Buffer.from('a parcel'), expiresAt);
    await operator.block(phone, serving, { mayCollect: true });
    assert.equal((await couriered.collect(couriered.craft('cca'))).cargoes, 1);

    const { sender: senderId, recipient: recipientId, parcelId } = parcel;
    const pca = serialisePca({ senderId, recipientId, parcelId });
    const counted = await couriered.counting(async () => {
      await couriered.deliver(couriered.cargo([pca, parcelOn(road)]));
      await couriered.unpacked();
    });
    assert.equal(counted['parcelRefused cargo peer-blocked'], 1);
    await until(async () => (await gateway.heldFor(phone)) === 0);
  });
});
