import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { generateSessionKey } from '#awala/sessions/session-key.ts';
import { COGRPC_LIMITS } from '#services/cogrpc/limits.ts';
import { craftCertificate } from '#test/builders/crafted-certificates.ts';
import { newIdentity } from '#test/builders/peers.ts';
import { base64, grpcOctetsOf, messagesOf } from '#test/cogrpc/collected.ts';
import { holdParcels, type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { authorizationOf, Courier, LIKE_ANDROID } from '#test/peers/courier.ts';

const MAX_OCTETS = 4_194_304;
/** Cargoes are full from the first on. */
const collection = {
  ...COGRPC_LIMITS.collection,
  firstCargoOctets: 2 ** 22,
  gatheringMs: 600_000,
};
const full = { limits: { collection }, budgetOctets: 2 ** 28 };
const OK = { code: status.OK, details: 'OK' };

/** A CDA that is as large as a certificate may be, by the phone. */
function largestCda({ gateway }: OpenedCogrpc, { peer }: CargoPhone) {
  const { notBefore, notAfter } = gateway.certificate;
  const named = (letters: number) =>
    craftCertificate({
      ...{ notBefore, notAfter, subject: gateway, issuer: peer, nameTag: 0x0c },
      issuerName: 'i'.repeat(letters),
    });
  return named(1_000 + 8_192 - named(1_000).der.length);
}

/** Collects all, acknowledging each cargo at once. @returns the sizes of the gRPC messages */
async function collectedSizes(courier: Courier, cca: Buffer): Promise<number[]> {
  const stream = courier.collect([authorizationOf(cca)]);
  stream.onMessage = ({ id }) => stream.send({ id });
  assert.deepEqual(await stream.ended, OK);
  return grpcOctetsOf(stream.received);
}

describe('A gRPC message to a courier', () => {
  it('is no larger than grpc-java takes, however the parcels add up', async () => {
    await using opened = await openCogrpc();
    using courier = new Courier(opened.port, LIKE_ANDROID);
    const phone = await CargoPhone.register(opened);
    const held = await holdParcels(opened, phone.peer, { count: 64, octets: 262_123 });
    const { cargoes, end } = await courier.collectAll(await phone.cca(), { deadlineMs: 60_000 });
    assert.deepEqual(end, OK);
    assert.deepEqual(new Set(base64(messagesOf(phone, cargoes))), held);
  });

  it('is as large as that at most, and less than a parcel smaller', async () => {
    await using opened = await openCogrpc(full);
    using courier = new Courier(opened.port);
    const phone = await CargoPhone.register(opened);
    await holdParcels(opened, phone.peer, { count: 200, octets: 50_000 });
    await holdParcels(opened, phone.peer, { count: 4_000, octets: 200 });
    const sizes = await collectedSizes(courier, await phone.cca());
    const largest = Math.max(...sizes);
    assert.ok(largest <= MAX_OCTETS, `${largest}`);
    assert.ok(largest > MAX_OCTETS - 60_000, `${largest}`);
  });

  it('is no larger even with the largest identity key, authorization and session keys', async () => {
    await using opened = await openCogrpc({ ...full, identity: newIdentity(4_096) });
    using courier = new Courier(opened.port);
    const phone = await CargoPhone.register(opened);
    const cda = largestCda(opened, phone);
    const sessionKey = { ...generateSessionKey('secp521r1'), id: Buffer.alloc(64, 1) };
    const later = new Date(Date.now() + 86_400_000);
    await opened.peerSessionKeys.remember(phone.peer.nodeId, sessionKey, later);
    await holdParcels(opened, phone.peer, { count: 2_000, octets: 6_000 });
    const sizes = await collectedSizes(courier, await phone.cca({ cda }));
    const largest = Math.max(...sizes);
    assert.ok(largest <= MAX_OCTETS, `${largest}`);
    // Room for one attached certificate, and less than a parcel.
    assert.ok(largest > MAX_OCTETS - 2_000 - 6_100, `${largest}`);
  });
});
