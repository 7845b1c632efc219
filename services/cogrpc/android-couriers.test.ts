import assert from 'node:assert/strict';
import http2 from 'node:http2';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { typeOfCargoMessage } from '#awala/cargo/message-set.ts';
import { parseRotation } from '#awala/cargo/rotation.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import type { Peer, Validity } from '#test/builders/peers.ts';
import { base64, messagesOf } from '#test/cogrpc/collected.ts';
import { holdParcels, type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { whyAndroidDrops } from '#test/peers/android-courier.ts';
import { AndroidPhone } from '#test/peers/android-phone.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { authorizationOf, Courier } from '#test/peers/courier.ts';
import { until } from '#test/runtime/until.ts';

const DAY_MS = 86_400_000;
const WINDOW_OCTETS = 4 * 1_024 * 1_024;

describe('Android’s courier', () => {
  describe('keeps the cargo that it collects', () => {
    it('of a phone that authorises us under the certificate that it signs with', async () => {
      await using opened = await openCogrpc();
      const phone = await CargoPhone.register(opened);
      await assertKept(opened, phone, { signer: phone.peer, cdaIssuer: phone.peer });
    });

    it('of a phone that renewed its registration, and authorised us before', async () => {
      await using opened = await openCogrpc();
      const { phone, old, renewed } = await renewedPhone(opened);
      await assertKept(opened, phone, { signer: renewed, cdaIssuer: old });
    });

    it('of a phone that signs with its old certificate, and authorises us under the new one', async () => {
      await using opened = await openCogrpc();
      const { phone, old, renewed } = await renewedPhone(opened);
      await assertKept(opened, phone, { signer: old, cdaIssuer: renewed });
    });
  });

  it('learns that a CCA is used up by a bare PERMISSION_DENIED: a message would hide it', async () => {
    await using opened = await openCogrpc();
    using courier = new Courier(opened.port);
    const phone = await CargoPhone.register(opened);
    const cca = await phone.cca();
    assert.equal((await courier.collectAll(cca)).end.code, status.OK);
    const headers = await trailersOnly(opened.port, authorizationOf(cca));
    assert.equal(headers['grpc-status'], String(status.PERMISSION_DENIED));
    assert.equal('grpc-message' in headers, false);
  });
});

describe('Any courier', () => {
  it('may have 4 MiB under way: with 64 KiB a round trip, no cargo of megabytes arrives in time', async () => {
    await using opened = await openCogrpc();
    const session = http2.connect(`http://127.0.0.1:${opened.port}`);
    try {
      await until(
        () =>
          session.remoteSettings?.initialWindowSize === WINDOW_OCTETS &&
          session.state.remoteWindowSize === WINDOW_OCTETS,
      );
    } finally {
      session.destroy();
    }
  });
});

describe('a phone that only ever meets Android’s couriers', () => {
  for (const pauseDays of [10, 40, 85]) {
    it(`each ${pauseDays} days has a valid certificate for two years, and gets what it is sent`, () =>
      assertServedForTwoYears(pauseDays));
  }

  it('is sent its new certificate in both forms, of which it ignores one', async () => {
    const clock = new ManualClock(new Date('2026-03-01T12:00:00Z'));
    await using opened = await openCogrpc({ clock });
    using courier = new Courier(opened.port);
    const phone = await AndroidPhone.register(opened);
    await passDays(opened, clock, 100);
    const { cargoes } = await courier.collectAll(await phone.cca());
    const messages = cargoes.flatMap((cargo) => phone.process(cargo));
    assert.deepEqual(messages.map(typeOfCargoMessage), [
      'certificate-rotation',
      'certificate-rotation',
    ]);
    const [first, second] = messages.map((message) => parseRotation(message));
    assert.ok(first?.leaf.equals(phone.peer.certificate));
    assert.ok(second?.leaf.equals(phone.peer.certificate));
  });
});

async function assertServedForTwoYears(pauseDays: number): Promise<void> {
  const clock = new ManualClock(new Date('2026-03-01T12:00:00Z'));
  await using opened = await openCogrpc({ clock });
  using courier = new Courier(opened.port);
  const phone = await AndroidPhone.register(opened);
  let rotations = 0;
  for (let day = 0; day < 730; day += pauseDays) {
    const held = await holdParcels(opened, phone.peer, { count: 2, octets: 500 });
    const { notAfter } = phone.peer.certificate;
    const { cargoes, end } = await courier.collectAll(await phone.cca());
    assert.equal(end.code, status.OK, `on day ${day}`);
    assert.deepEqual(
      cargoes.map((cargo) => whyAndroidDrops(cargo, clock.now())),
      [null],
    );
    const messages = base64(cargoes.flatMap((cargo) => phone.process(cargo)));
    assert.ok([...held].every((parcel) => messages.includes(parcel)));
    rotations += phone.peer.certificate.notAfter > notAfter ? 1 : 0;
    await passDays(opened, clock, pauseDays);
    await removeAll(opened, phone);
  }
  assert.ok(rotations >= 7, `${rotations} rotations`);
}

/** As the workers do, the gateway looks daily whether its own certificate is due. */
async function passDays(opened: OpenedCogrpc, clock: ManualClock, days: number): Promise<void> {
  for (let day = 0; day < days; day++) {
    clock.advance(DAY_MS);
    await opened.identity.renewIfDue();
  }
}

async function removeAll({ mailbox }: OpenedCogrpc, { peer }: AndroidPhone): Promise<void> {
  for await (const parcel of mailbox.listStored(peer.nodeId)) {
    await mailbox.remove(parcel);
  }
}

async function assertKept(
  opened: OpenedCogrpc,
  phone: CargoPhone,
  { signer, cdaIssuer }: { readonly signer: Peer; readonly cdaIssuer: Peer },
): Promise<void> {
  using courier = new Courier(opened.port);
  const held = await holdParcels(opened, phone.peer, { count: 30, octets: 100_000 });
  // Valid from the moment that the app makes the CCA.
  const cda = await phone.cda({ issuer: cdaIssuer, notBefore: opened.clock.now() });
  const cca = await phone.cca({ from: signer, cda: cda.certificate });
  const { cargoes, end } = await courier.collectAll(cca);
  assert.equal(end.code, status.OK);
  assert.ok(cargoes.length > 1);
  assert.deepEqual(
    cargoes.map((cargo) => whyAndroidDrops(cargo, opened.clock.now())),
    cargoes.map(() => null),
  );
  assert.deepEqual(new Set(base64(messagesOf(phone, cargoes))), held);
}

/** The same key, with two certificates by us. */
async function renewedPhone(opened: OpenedCogrpc) {
  const now = opened.clock.now();
  const phone = await CargoPhone.register(opened);
  const old = await opened.registered('phone', validUntil(now, 100));
  const renewed = await opened.registered('phone', validUntil(now, 150));
  return { phone, old, renewed };
}

function validUntil(now: Date, days: number): Validity {
  return {
    notBefore: new Date(now.getTime() - 60_000),
    notAfter: new Date(now.getTime() + days * DAY_MS),
  };
}

/** The headers that end a call which brings nothing, as HTTP/2 carries them. */
async function trailersOnly(
  port: number,
  authorization: string,
): Promise<http2.IncomingHttpHeaders> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/relaynet.cogrpc.CargoRelay/CollectCargo',
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization,
    });
    return await new Promise((resolve, reject) => {
      stream.on('response', resolve);
      stream.on('error', reject);
      stream.resume();
    });
  } finally {
    session.destroy();
  }
}
