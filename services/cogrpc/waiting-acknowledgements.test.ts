import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { serialisePca } from '#awala/cargo/pca.ts';
import type { NodeId } from '#awala/node-id.ts';
import { generateSessionKey } from '#awala/sessions/session-key.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { InMemoryObjectStore, type ObjectStoreCall } from '#object-store/in-memory.ts';
import { messagesOf } from '#test/cogrpc/collected.ts';
import { type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { Courier } from '#test/peers/courier.ts';

const NODE = (digit: string): NodeId => `0${digit.repeat(64)}`;
const RECIPIENT = NODE('a');
const SENDER = NODE('b');

/** No worker runs here: what couriers bring waits to be unpacked. */
describe('A courier that collects while cargo waits to be unpacked', () => {
  async function setting(before: (call: ObjectStoreCall) => void = () => {}) {
    const clock = new ManualClock(new Date());
    const objects = new InMemoryObjectStore({ before, clock });
    const opened = await openCogrpc({ objects, clock });
    const courier = new Courier(opened.port);
    const phone = await CargoPhone.register(opened);
    return {
      opened,
      phone,
      /** @param waitMs - how long no worker sees to it */
      async bring(cargo: Buffer, waitMs = 2_000): Promise<void> {
        const stream = courier.deliver();
        stream.send({ id: 'cargo', cargo });
        await stream.receivedAtLeast(1);
        stream.call.end();
        assert.equal((await stream.ended).code, status.OK);
        clock.advance(waitMs);
      },
      /** @returns how many messages there are to collect */
      async collect(): Promise<number> {
        const { cargoes, end } = await courier.collectAll(await phone.cca());
        assert.equal(end.code, status.OK);
        return messagesOf(phone, cargoes).length;
      },
      async [Symbol.asyncDispose]() {
        courier[Symbol.dispose]();
        await opened[Symbol.asyncDispose]();
      },
    };
  }

  async function hold({ mailbox, clock }: OpenedCogrpc, phone: CargoPhone, ids: readonly string[]) {
    for (const parcelId of ids) {
      const held = { privateGateway: phone.peer.nodeId, recipient: RECIPIENT, sender: SENDER };
      const expiresAt = new Date(clock.now().getTime() + 86_400_000);
      await mailbox.store({ ...held, parcelId }, randomBytes(100), expiresAt);
    }
  }

  const pca = (parcelId: string) =>
    serialisePca({ senderId: SENDER, recipientId: RECIPIENT, parcelId });

  it('is not sent again what that acknowledges', async () => {
    await using set = await setting();
    await hold(set.opened, set.phone, ['one', 'two', 'three']);
    assert.equal(await set.collect(), 3);
    await set.bring(await set.phone.cargo([pca('one'), randomBytes(20), pca('three')]));
    assert.equal(await set.collect(), 1);
    await set.bring(await set.phone.cargo([pca('two')]));
    assert.equal(await set.collect(), 0);
    assert.equal(set.opened.collectionBudget.held, 0);
  });

  it('is sent again what that acknowledges if it came within 2 s, as it is being unpacked then', async () => {
    const read: string[] = [];
    await using set = await setting(({ method, key }) => {
      if (method === 'get' && key.startsWith('cargo/')) {
        read.push(key);
      }
    });
    await hold(set.opened, set.phone, ['one']);
    await set.bring(await set.phone.cargo([pca('one')]), 1_999);
    assert.equal(await set.collect(), 1);
    assert.deepEqual(read, []);
  });

  it('leaves the cargo to the workers, and reads it only once', async () => {
    const read: string[] = [];
    await using set = await setting(({ method, key }) => {
      if (method === 'get' && key.startsWith('cargo/')) {
        read.push(key);
      }
    });
    await set.bring(await set.phone.cargo([pca('one')]));
    await set.collect();
    await set.collect();
    assert.equal(read.length, 1);
    const prefix = `cargo/${set.phone.peer.nodeId}/`;
    assert.equal((await Array.fromAsync(set.opened.objects.list(prefix))).length, 1);
  });

  it('is sent what another phone acknowledges', async () => {
    await using set = await setting();
    const other = await CargoPhone.register(set.opened, { name: 'another phone' });
    await hold(set.opened, set.phone, ['one']);
    await set.bring(await other.cargo([pca('one')]));
    assert.equal(await set.collect(), 1);
  });

  it('is sent everything though that cannot be read', async () => {
    await using set = await setting();
    await hold(set.opened, set.phone, ['one']);
    const recipientKey = generateSessionKey();
    await set.bring(await set.phone.cargo([pca('one')], { recipientKey }));
    assert.equal(await set.collect(), 1);
    await set.bring(await set.phone.cargo([pca('one')]));
    assert.equal(await set.collect(), 0);
  });

  it('is sent everything while that cannot be had', async () => {
    let isAway = true;
    await using set = await setting(({ method, key }) => {
      if (isAway && method !== 'put' && key.startsWith('cargo/')) {
        throw new BackingUnavailableError('object-store', 'told to fail');
      }
    });
    await hold(set.opened, set.phone, ['one']);
    await set.bring(await set.phone.cargo([pca('one')]));
    assert.equal(await set.collect(), 1);
    isAway = false;
    assert.equal(await set.collect(), 0);
  });
});
