import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { typeOfCargoMessage } from '#awala/cargo/message-set.ts';
import { parsePca } from '#awala/cargo/pca.ts';
import { parseRotation } from '#awala/cargo/rotation.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { systemClock } from '#clock/clock.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { authorizationOf, Courier } from '#test/cogrpc/courier.ts';
import { holdParcels, type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/cogrpc/phone.ts';
import { until } from '#test/runtime/until.ts';

const DAY_MS = 86_400_000;
const OK = { code: status.OK, details: 'OK' };

function base64(messages: readonly Uint8Array[]): string[] {
  return messages.map((message) => Buffer.from(message).toString('base64'));
}

function messagesOf(phone: CargoPhone, cargoes: readonly Uint8Array[]): Uint8Array[] {
  return cargoes.flatMap((cargo) => phone.open(cargo).messages);
}

/** Collects until the CCA is used up, with calls that each take only so many cargoes. */
async function collectInPieces(
  courier: Courier,
  cca: Buffer,
  cargoesPerCall: number,
): Promise<{ cargoes: Buffer[]; calls: number }> {
  const cargoes: Buffer[] = [];
  for (let calls = 1; ; calls++) {
    const stream = courier.collect([authorizationOf(cca)]);
    let taken = 0;
    stream.onMessage = ({ id, cargo }) => {
      taken += 1;
      if (taken <= cargoesPerCall) {
        cargoes.push(Buffer.from(cargo));
        stream.send({ id });
      } else {
        stream.call.end();
      }
    };
    if ((await stream.ended).code === status.OK) {
      return { cargoes, calls };
    }
  }
}

describe('CollectCargo', () => {
  describe('what it sends', () => {
    it('is everything held, once, and the call ends when all is acknowledged', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      const held = await holdParcels(opened, phone.peer, { count: 30, octets: 100_000 });
      const { cargoes, end } = await courier.collectAll(await phone.cca());
      assert.deepEqual(end, OK);
      const parcels = base64(messagesOf(phone, cargoes));
      assert.equal(parcels.length, 30);
      assert.deepEqual(new Set(parcels), held);
      assert.equal(opened.collectionBudget.heldOctets, 0);
    });

    it('deletes nothing: that is for the private gateway’s acknowledgements', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 3, octets: 100 });
      await courier.collectAll(await phone.cca());
      const second = await courier.collectAll(await phone.cca());
      assert.equal(messagesOf(phone, second.cargoes).length, 3);
    });

    it('is cargo under the CDA, dated three hours back, that lives as long as the longest-lived parcel', async () => {
      const clock = new ManualClock(new Date('2026-03-01T12:00:00.400Z'));
      await using opened = await openCogrpc({ clock });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 1, octets: 10, ttlMs: 5 * DAY_MS });
      await holdParcels(opened, phone.peer, { count: 1, octets: 10, ttlMs: 2 * DAY_MS });
      const { cargoes } = await courier.collectAll(await phone.cca());
      const [opened0] = cargoes.map((cargo) => phone.open(cargo));
      assert.ok(opened0);
      assert.equal(cargoes.length, 1);
      const { cargo } = opened0;
      assert.equal(cargo.sender.nodeId, opened.gateway.nodeId);
      assert.deepEqual(cargo.recipient, { id: phone.peer.nodeId, internetAddress: null });
      assert.equal(cargo.createdAt.toISOString(), '2026-03-01T09:00:00.000Z');
      assert.equal(cargo.expiresAt.toISOString(), '2026-03-06T12:00:00.000Z');
    });

    it('comes with a session key that only that private gateway may answer to', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 1, octets: 10 });
      const { cargoes } = await courier.collectAll(await phone.cca());
      const [cargo] = cargoes.map((octets) => phone.open(octets));
      assert.ok(cargo);
      const { id } = cargo.senderKey;
      assert.ok(await opened.sessionKeys.privateKey(id, phone.peer.nodeId));
      assert.equal(await opened.sessionKeys.privateKey(id, opened.gateway.nodeId), null);
    });

    for (const curve of ['prime256v1', 'secp384r1', 'secp521r1'] as const) {
      it(`is encrypted on the curve of the private gateway’s key: ${curve}`, async () => {
        await using opened = await openCogrpc();
        using courier = new Courier(opened.port);
        const phone = await CargoPhone.register(opened);
        await holdParcels(opened, phone.peer, { count: 1, octets: 10 });
        await courier.collectAll(await phone.cca());
        await opened.peerSessionKeys.remember(
          phone.peer.nodeId,
          (await CargoPhone.register(opened, { curve })).sessionKey,
          new Date(Date.now() + DAY_MS),
        );
        const { cargoes, end } = await courier.collectAll(await phone.cca());
        assert.deepEqual(end, OK);
        assert.equal(cargoes.length, 1);
      });
    }

    it('is acknowledgements first, then parcels, then a new certificate if the old one ends soon', async () => {
      const ack = { senderId: 'a', recipientId: 'b', parcelId: 'c' };
      await using opened = await openCogrpc({
        acceptedParcels: {
          async *list() {
            yield { ...ack, expiresAt: new Date(Date.now() + DAY_MS), place: '1' };
          },
        },
      });
      using courier = new Courier(opened.port);
      const validity = {
        notBefore: opened.gateway.certificate.notBefore,
        notAfter: new Date(Date.now() + 89 * DAY_MS),
      };
      const phone = await CargoPhone.register(opened, { validity });
      const held = await holdParcels(opened, phone.peer, { count: 1, octets: 500 });
      const { cargoes } = await courier.collectAll(await phone.cca());
      const [pca, parcel, rotation, ...others] = messagesOf(phone, cargoes);
      assert.ok(pca && parcel && rotation && others.length === 0);
      assert.deepEqual(parsePca(pca), ack);
      assert.deepEqual(new Set(base64([parcel])), held);
      assert.equal(typeOfCargoMessage(rotation), 'certificate-rotation');
      const { leaf, authorities } = parseRotation(rotation);
      assert.equal(leaf.nodeId, phone.peer.nodeId);
      assert.ok(leaf.notAfter > validity.notAfter);
      assert.deepEqual(
        authorities.map(({ nodeId }) => nodeId),
        [opened.gateway.nodeId],
      );
    });

    it('leaves out a new certificate while the old one has 90 days left', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      const { cargoes, end } = await courier.collectAll(await phone.cca());
      assert.deepEqual([cargoes.length, end], [0, OK]);
    });

    it('leaves out what has expired', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 2, octets: 100, ttlMs: -1_000 });
      const live = await holdParcels(opened, phone.peer, { count: 1, octets: 100 });
      const { cargoes } = await courier.collectAll(await phone.cca());
      assert.deepEqual(new Set(base64(messagesOf(phone, cargoes))), live);
    });

    it('is nothing of another private gateway’s', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      const other = await CargoPhone.register(opened, { name: 'other phone' });
      await holdParcels(opened, other.peer, { count: 3, octets: 100 });
      const { cargoes, end } = await courier.collectAll(await phone.cca());
      assert.deepEqual([cargoes.length, end], [0, OK]);
    });

    it('costs one signature of the identity key per cargo', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 20, octets: 50_000 });
      const before = opened.vault.signatures;
      const { cargoes } = await courier.collectAll(await phone.cca());
      assert.equal(opened.vault.signatures - before, cargoes.length);
    });
  });

  describe('a CCA', () => {
    it('may be used once, also after a restart', async () => {
      const records = new InMemoryRecordStore({ clock: systemClock });
      const objects = new InMemoryObjectStore();
      let cca: Buffer;
      {
        await using opened = await openCogrpc({ records, objects });
        using courier = new Courier(opened.port);
        const phone = await CargoPhone.register(opened);
        await holdParcels(opened, phone.peer, { count: 2, octets: 100 });
        cca = await phone.cca();
        assert.deepEqual((await courier.collectAll(cca)).end, OK);
        assert.equal((await courier.collectAll(cca)).end.code, status.PERMISSION_DENIED);
      }
      await using opened = await openCogrpc({ records, objects });
      using courier = new Courier(opened.port);
      const { cargoes, end } = await courier.collectAll(cca);
      assert.deepEqual([cargoes.length, end.code], [0, status.PERMISSION_DENIED]);
    });

    it('is resumed where the acknowledgements stopped, so that nothing comes twice', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      const held = await holdParcels(opened, phone.peer, { count: 40, octets: 100_000 });
      const { cargoes, calls } = await collectInPieces(courier, await phone.cca(), 3);
      const parcels = base64(messagesOf(phone, cargoes));
      assert.ok(calls > 1);
      assert.equal(parcels.length, held.size);
      assert.deepEqual(new Set(parcels), held);
    });

    it('is resumed without what was acknowledged out of order', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      const held = await holdParcels(opened, phone.peer, { count: 10, octets: 200_000 });
      const cca = await phone.cca();
      const stream = courier.collect([authorizationOf(cca)]);
      await stream.receivedAtLeast(3);
      const [first, second, third] = stream.received;
      assert.ok(first && second && third);
      stream.send({ id: third.id });
      stream.send({ id: second.id });
      stream.call.end();
      assert.equal((await stream.ended).code, status.ABORTED);
      const rest = await courier.collectAll(cca);
      assert.deepEqual(rest.end, OK);
      const cargoes = [second.cargo, third.cargo, ...rest.cargoes];
      const parcels = base64(messagesOf(phone, cargoes));
      assert.equal(parcels.length, held.size);
      assert.deepEqual(new Set(parcels), held);
    });

    it('serves one of two couriers that race with it', async () => {
      await using opened = await openCogrpc();
      using one = new Courier(opened.port);
      using other = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 5, octets: 1_000 });
      const cca = await phone.cca();
      const results = await Promise.all([one.collectAll(cca), other.collectAll(cca)]);
      const [winner, loser] = results.sort((a, b) => a.end.code - b.end.code);
      assert.deepEqual(winner?.end, OK);
      assert.equal(messagesOf(phone, winner.cargoes).length, 5);
      assert.deepEqual([loser?.cargoes.length, loser?.end.code], [0, status.PERMISSION_DENIED]);
    });

    it('is refused for now, not for good, while another courier still uses it', async () => {
      await using opened = await openCogrpc();
      using slow = new Courier(opened.port);
      using other = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 1, octets: 1_000 });
      const cca = await phone.cca();
      const first = slow.collect([authorizationOf(cca)]);
      await first.receivedAtLeast(1);
      const { cargoes, end } = await other.collectAll(cca);
      assert.deepEqual([cargoes.length, end.code], [0, status.ABORTED]);
      first.send({ id: first.received[0]?.id ?? '' });
      assert.deepEqual(await first.ended, OK);
    });

    it('is not used up by a call in which something was not acknowledged', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 1, octets: 1_000 });
      const cca = await phone.cca();
      const stream = courier.collect([authorizationOf(cca)]);
      await stream.receivedAtLeast(1);
      stream.call.cancel();
      await stream.ended;
      const { cargoes, end } = await courier.collectAll(cca);
      assert.deepEqual([cargoes.length, end], [1, OK]);
    });

    it('is good while it is under way for weeks, though our session key is replaced meanwhile', async () => {
      const clock = new ManualClock();
      await using opened = await openCogrpc({ clock });
      using courier = new Courier(opened.port);
      const before = await opened.sessionKeys.initialKey();
      clock.advance(20 * DAY_MS);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 1, octets: 100, ttlMs: 60 * DAY_MS });
      const cca = await phone.cca();
      clock.advance(13 * DAY_MS);
      const after = await opened.sessionKeys.initialKey();
      assert.notDeepEqual(after.id, before.id);
      const { cargoes, end } = await courier.collectAll(cca);
      assert.deepEqual([cargoes.length, end], [1, OK]);
    });

    for (const scheme of ['Relaynet-CCA', 'Awala-CCA']) {
      for (const name of ['awala.cogrpc.CargoRelay', 'relaynet.cogrpc.CargoRelay'] as const) {
        it(`is taken as ${scheme} by ${name}`, async () => {
          await using opened = await openCogrpc();
          using courier = new Courier(opened.port, { name });
          const phone = await CargoPhone.register(opened);
          const cca = await phone.cca();
          const stream = courier.collect([`${scheme} ${cca.toString('base64')}`]);
          assert.deepEqual(await stream.ended, OK);
        });
      }
    }
  });

  describe('a courier', () => {
    async function withOneParcel(
      test: (
        courier: Courier,
        stream: ReturnType<Courier['collect']>,
        opened: OpenedCogrpc,
      ) => Promise<void>,
    ): Promise<void> {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 1, octets: 1_000 });
      const stream = courier.collect([authorizationOf(await phone.cca())]);
      await stream.receivedAtLeast(1);
      await test(courier, stream, opened);
    }

    it('that acknowledges an id never sent gets INVALID_ARGUMENT', () =>
      withOneParcel(async (_, stream) => {
        stream.send({ id: 'c5f4c8a2-5dd3-4b7f-9c56-0f0c2f0f7f4e' });
        assert.equal((await stream.ended).code, status.INVALID_ARGUMENT);
      }));

    it('that half-closes before acknowledging gets ABORTED', () =>
      withOneParcel(async (_, stream) => {
        stream.call.end();
        assert.equal((await stream.ended).code, status.ABORTED);
      }));

    it('that acknowledges, then half-closes, is done', () =>
      withOneParcel(async (_, stream) => {
        stream.send({ id: stream.received[0]?.id ?? '' });
        stream.call.end();
        assert.deepEqual(await stream.ended, OK);
      }));

    it('that never acknowledges gets DEADLINE_EXCEEDED', async () => {
      const clock = new ManualClock();
      await using opened = await openCogrpc({ clock });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 1, octets: 1_000 });
      const stream = courier.collect([authorizationOf(await phone.cca())]);
      await stream.receivedAtLeast(1);
      const ended = stream.ended.then(() => true);
      while (!(await Promise.race([ended, turn()]))) {
        clock.advance(1_000);
      }
      assert.equal((await stream.ended).code, status.DEADLINE_EXCEEDED);
    });

    it('that never reads is cut off, and what it held is free again', async () => {
      const clock = new ManualClock();
      await using opened = await openCogrpc({ clock });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 3, octets: 8_000_000 });
      const cca = await phone.cca();
      const stream = courier.collect([authorizationOf(cca)], { isDeaf: true });
      await until(() => opened.collectionBudget.heldOctets > 0);
      while (opened.server.calls > 0) {
        clock.advance(1_000);
        await turn();
      }
      assert.equal((await stream.ended).code, status.UNAVAILABLE);
      await until(() => opened.collectionBudget.heldOctets === 0);
    });

    it('whose deadline is near gets what fits, and then the rest by calling again', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      const held = await holdParcels(opened, phone.peer, { count: 12, octets: 200_000 });
      const cca = await phone.cca();
      const parcels: string[] = [];
      for (let code: number = status.UNKNOWN; code !== status.OK; ) {
        const { cargoes, end } = await courier.collectAll(cca, { deadlineMs: 450 });
        code = end.code;
        parcels.push(...base64(messagesOf(phone, cargoes)));
        assert.ok([status.OK, status.DEADLINE_EXCEEDED].includes(code), end.details);
      }
      assert.equal(parcels.length, held.size);
      assert.deepEqual(new Set(parcels), held);
    });

    it('whose deadline is near gets one cargo to acknowledge, before it gets several at once', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 12, octets: 200_000 });
      const authorization = authorizationOf(await phone.cca());
      const silent = courier.collect([authorization], { deadlineMs: 1_000 });
      assert.equal((await silent.ended).code, status.DEADLINE_EXCEEDED);
      assert.equal(silent.received.length, 1);
      const started = courier.collect([authorization], { deadlineMs: 30_000 });
      await started.receivedAtLeast(1);
      started.send({ id: started.received[0]?.id ?? '' });
      await started.receivedAtLeast(3);
      assert.ok(started.received.length >= 3);
      started.call.cancel();
      await started.ended;
    });
  });

  describe('a failing backing service', () => {
    it('ends the call UNAVAILABLE, and the next call goes on', async () => {
      let isDown = false;
      const objects = new InMemoryObjectStore({
        before: ({ method }) => {
          if (isDown && method === 'get') {
            throw new BackingUnavailableError('object-store', 'down');
          }
        },
      });
      await using opened = await openCogrpc({ objects });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 3, octets: 1_000 });
      const cca = await phone.cca();
      isDown = true;
      const failed = await courier.collectAll(cca);
      assert.deepEqual([failed.cargoes.length, failed.end.code], [0, status.UNAVAILABLE]);
      isDown = false;
      const { cargoes, end } = await courier.collectAll(cca);
      assert.deepEqual([messagesOf(phone, cargoes).length, end], [3, OK]);
      assert.equal(opened.collectionBudget.heldOctets, 0);
    });

    for (const method of ['get', 'create', 'set'] as const) {
      it(`such as the record store on ${method} is not the courier’s fault`, async () => {
        let isDown = false;
        const records = new InMemoryRecordStore({
          clock: systemClock,
          before: (call) => {
            if (isDown && call.method === method) {
              throw new BackingUnavailableError('record-store', 'down');
            }
          },
        });
        await using opened = await openCogrpc({ records });
        using courier = new Courier(opened.port);
        const phone = await CargoPhone.register(opened);
        await holdParcels(opened, phone.peer, { count: 1, octets: 1_000 });
        const cca = await phone.cca();
        isDown = true;
        assert.equal((await courier.collectAll(cca)).end.code, status.UNAVAILABLE);
      });
    }
  });
});

/** Lets what is ready happen, sockets included. */
function turn(): Promise<false> {
  return new Promise((resolve) => {
    setImmediate(() => resolve(false));
  });
}
