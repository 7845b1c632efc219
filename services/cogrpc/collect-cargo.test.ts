import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { typeOfCargoMessage } from '#awala/cargo/message-set.ts';
import { parsePca } from '#awala/cargo/pca.ts';
import { parseRotation } from '#awala/cargo/rotation.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { base64, messagesOf } from '#test/cogrpc/collected.ts';
import { holdParcels, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { Courier } from '#test/peers/courier.ts';

const DAY_MS = 86_400_000;
const OK = { code: status.OK, details: 'OK' };

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
      assert.equal(opened.collectionBudget.held, 0);
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

    it('is cargo dated no earlier than its CDA, as RS-001 asks, though that is from just now', async () => {
      const clock = new ManualClock(new Date('2026-03-01T12:00:00.400Z'));
      await using opened = await openCogrpc({ clock });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 1, octets: 10 });
      const cda = await phone.cda({ notBefore: new Date('2026-03-01T11:59:00Z') });
      const { cargoes } = await courier.collectAll(await phone.cca({ cda: cda.certificate }));
      const [cargo] = cargoes.map((octets) => phone.open(octets).cargo);
      assert.equal(cargo?.createdAt.toISOString(), '2026-03-01T11:59:00.000Z');
    });

    it('is nothing until the CDA of a phone whose clock is ahead is valid: couriers would drop it', async () => {
      const clock = new ManualClock(new Date('2026-03-01T12:00:00.400Z'));
      await using opened = await openCogrpc({ clock });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      const held = await holdParcels(opened, phone.peer, { count: 1, octets: 10 });
      const cda = await phone.cda({ notBefore: new Date('2026-03-01T13:00:00Z') });
      const cca = await phone.cca({ cda: cda.certificate });
      const early = await courier.collectAll(cca);
      assert.deepEqual([early.cargoes.length, early.end.code], [0, status.UNAVAILABLE]);
      clock.advance(3_600_000);
      const { cargoes, end } = await courier.collectAll(cca);
      assert.deepEqual(end, OK);
      assert.deepEqual(new Set(base64(messagesOf(phone, cargoes))), held);
    });

    it('is cargo that expires with the CDA, though what is in it lives longer', async () => {
      const clock = new ManualClock(new Date('2026-03-01T12:00:00.400Z'));
      await using opened = await openCogrpc({ clock });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 1, octets: 10, ttlMs: 100 * DAY_MS });
      const cda = await phone.cda({ notAfter: new Date('2026-03-15T12:00:00Z') });
      const { cargoes } = await courier.collectAll(await phone.cca({ cda: cda.certificate }));
      const [cargo] = cargoes.map((octets) => phone.open(octets).cargo);
      assert.equal(cargo?.expiresAt.toISOString(), '2026-03-15T12:00:00.000Z');
    });

    it('is served to whoever names our key, whatever Internet address they know us by', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      const held = await holdParcels(opened, phone.peer, { count: 1, octets: 10 });
      const recipient = { id: opened.gateway.nodeId, internetAddress: 'former-name.example' };
      const { cargoes } = await courier.collectAll(await phone.cca({ recipient }));
      assert.deepEqual(new Set(base64(messagesOf(phone, cargoes))), held);
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
      assert.ok(await opened.sessionKeys.openingKey(id, phone.peer.certificate));
      assert.equal(await opened.sessionKeys.openingKey(id, opened.gateway.certificate), null);
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

    it('is a new certificate first if the old one ends soon, then parcels, then acknowledgements', async () => {
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
      const [rotation, parcel, pca, ...others] = messagesOf(phone, cargoes);
      assert.ok(rotation && parcel && pca && others.length === 0);
      assert.deepEqual(new Set(base64([parcel])), held);
      assert.deepEqual(parsePca(pca), ack);
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
});
