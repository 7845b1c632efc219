import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { CogRPCClient } from '@relaycorp/cogrpc';
import {
  CargoMessageSet,
  CertificateRotation,
  ParcelCollectionAck,
} from '@relaycorp/relaynet-core';
import { mailboxPrefix } from '#gateway/held/object-keys.ts';
import { identity } from '#test/builders/peers.ts';
import { assertEachOnce } from '#test/cogrpc/each-once.ts';
import { type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { SyntheticMailboxStore } from '#test/cogrpc/synthetic-store.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { Courier } from '#test/peers/courier.ts';
import { JsCourier } from '#test/peers/js/courier.ts';
import { JsPrivateGateway } from '#test/peers/js/private-gateway.ts';
import { arrayBuffer } from '#test/peers/js/values.ts';
import { ProcessorWaits } from '#test/runtime/processor-waits.ts';
import { until } from '#test/runtime/until.ts';
import { BOTH_FORMS, type ReachableGateway } from './support/both-forms.ts';

const DAY_MS = 86_400_000;

function collect(port: number, cca: Buffer): Promise<Buffer[]> {
  return new JsCourier(port).collectAll(cca);
}

function parcelFor(privateGateway: string) {
  const [recipient, sender] = [`0${'a'.repeat(64)}`, `0${'b'.repeat(64)}`];
  return { privateGateway, recipient, sender, parcelId: randomUUID() };
}

/** Has the gateway hold a parcel for each of these bodies, which nobody looks into. */
async function hold(
  { gateway }: ReachableGateway,
  peer: string,
  ...bodies: readonly string[]
): Promise<void> {
  const expiresAt = new Date(Date.now() + DAY_MS);
  for (const body of bodies) {
    await gateway.mailbox.store(parcelFor(peer), Buffer.from(body), expiresAt);
  }
}

async function openAll(phone: JsPrivateGateway, cargoes: readonly Buffer[]): Promise<Buffer[]> {
  const messages: Buffer[] = [];
  for (const cargo of cargoes) {
    messages.push(...(await phone.open(cargo)));
  }
  return messages;
}

for (const form of BOTH_FORMS) {
  describe(`CogRPC, with the deployed client and a gateway ${form.name}`, {
    skip: form.missing,
  }, () => {
    let opened: ReachableGateway;
    let port: number;
    let phone: JsPrivateGateway;

    before(async () => {
      opened = await form.start();
      port = opened.listening.cogrpc;
    });
    beforeEach(async () => {
      phone = await JsPrivateGateway.issuedBy(opened.gateway);
    });
    after(() => opened[Symbol.asyncDispose]());

    it('takes cargo that the library packed, acknowledges it to the client, and unpacks it', async () => {
      const { mailbox } = opened.gateway;
      const held = parcelFor(phone.nodeId);
      await mailbox.store(held, Buffer.from('held'), new Date(Date.now() + DAY_MS));
      const { sender, recipient, parcelId } = held;
      const ack = new ParcelCollectionAck(sender, recipient, parcelId);
      const [cargo] = await phone.cargoes([new Uint8Array(ack.serialize())]);
      assert.ok(cargo);
      async function* deliveries() {
        yield { localId: 'first', cargo: cargo ?? Buffer.of() };
        yield { localId: 'second', cargo: Buffer.from('not a cargo') };
      }
      const client = await CogRPCClient.initLocalhost(port);
      const acknowledged = await Array.fromAsync(client.deliverCargo(deliveries()));
      client.close();
      assert.deepEqual(acknowledged.sort(), ['first', 'second']);
      await until(async () => {
        const stillHeld = await Array.fromAsync(mailbox.list(phone.nodeId));
        return stillHeld.length === 0;
      });
    });

    it('packs cargo that the library validates and decrypts', async () => {
      await hold(opened, phone.nodeId, 'one', 'two', 'three');
      const messages = await openAll(phone, await collect(port, await phone.cca()));
      assert.deepEqual(messages.map(String).sort(), ['one', 'three', 'two']);
    });

    it('goes on with the session that its cargo began', async () => {
      await hold(opened, phone.nodeId, 'a parcel');
      for (const _round of [1, 2, 3]) {
        const messages = await openAll(phone, await collect(port, await phone.cca()));
        assert.deepEqual(messages.map(String), ['a parcel']);
      }
    });

    it('refuses a CCA that was fulfilled', async () => {
      const cca = await phone.cca();
      assert.deepEqual(await collect(port, cca), []);
      await assert.rejects(collect(port, cca), /PERMISSION_DENIED/);
    });

    it('sends acknowledgements and a certificate rotation that the library understands', async () => {
      const due = await JsPrivateGateway.issuedBy(opened.gateway, 89);
      const [senderId, recipientId, parcelId] = [`0${'c'.repeat(64)}`, 'recipient', 'parcel'];
      const expiresAt = new Date(Date.now() + DAY_MS);
      const privateGateway = due.nodeId;
      const accepted = {
        privateGateway,
        heldFor: null,
        senderId,
        recipientId,
        parcelId,
        expiresAt,
      };
      await opened.gateway.acceptedParcels.record(accepted);
      const messages = await openAll(due, await collect(port, await due.cca()));
      const [rotation, ack] = await Promise.all(
        messages.map((message) => CargoMessageSet.deserializeItem(arrayBuffer(message))),
      );
      assert.ok(ack instanceof ParcelCollectionAck);
      assert.deepEqual(
        [ack.senderEndpointId, ack.recipientEndpointId, ack.parcelId],
        [senderId, recipientId, parcelId],
      );
      assert.ok(rotation instanceof CertificateRotation);
      const { leafCertificate, certificateAuthorities } = rotation.certificationPath;
      assert.equal(await leafCertificate.calculateSubjectId(), due.nodeId);
      await leafCertificate.getCertificationPath([], [...certificateAuthorities]);
      assert.ok(leafCertificate.expiryDate > new Date(Date.now() + 90 * DAY_MS));
    });
  });
}

// In this process only, whose store it is that delays each parcel.
describe('CogRPC, with the deployed client and a mailbox of 30 MB, each parcel 20 ms away', () => {
  const parcels = { count: 300, octets: 100_000, fetchMs: 20 };

  async function openFullMailbox(): Promise<OpenedCogrpc> {
    const mailbox = mailboxPrefix(identity('phone').nodeId);
    return openCogrpc({ objects: new SyntheticMailboxStore(mailbox, parcels) });
  }

  function indexes(phone: CargoPhone, cargoes: readonly Buffer[]): number[] {
    const messages = cargoes.flatMap((cargo) => phone.open(cargo).messages);
    return messages.map((message) => Buffer.from(message).readUInt32BE(0)).sort((a, b) => a - b);
  }

  const everyIndex = Array.from({ length: parcels.count }, (_, index) => index);

  it('is collected by a client that calls for three seconds at a time, nothing twice', async () => {
    await using opened = await openFullMailbox();
    const phone = await CargoPhone.register(opened);
    const cca = await phone.cca();
    const cargoes: Buffer[] = [];
    const waits = new ProcessorWaits();
    const calls = await new JsCourier(opened.port).collectInCalls(cca, async (cargo) => {
      cargoes.push(cargo);
      // A courier that takes its time with each cargo.
      await pause(300);
    });
    const lostMs = waits.totalMs();
    assert.ok(calls > 1);
    assertEachOnce(indexes(phone, cargoes), everyIndex, { ...parcels, lostMs });
  });

  it('is collected in one call by a client without that limit', async () => {
    await using opened = await openFullMailbox();
    using courier = new Courier(opened.port);
    const phone = await CargoPhone.register(opened);
    const { cargoes, end } = await courier.collectAll(await phone.cca());
    assert.equal(end.code, 0);
    assert.deepEqual(indexes(phone, cargoes), everyIndex);
  });
});
