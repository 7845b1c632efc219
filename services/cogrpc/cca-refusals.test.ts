import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import http2 from 'node:http2';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { serialiseCollectionRequest } from '#awala/cargo/cca.ts';
import { encryptForSession } from '#awala/cms/enveloped-data-writer.ts';
import { generateSessionKey } from '#awala/sessions/session-key.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import { ClockPlausibility } from '#clock/clock-plausibility.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import {
  cargoDeliveryAuthorization,
  identity,
  internetGateway,
  messageFrom,
  type Peer,
  privateGateway,
} from '#test/builders/peers.ts';
import { foreignGateway, type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { authorizationOf, type CallEnd, Courier } from '#test/peers/courier.ts';

const DAY_MS = 86_400_000;

describe('CollectCargo refuses', () => {
  let opened: OpenedCogrpc;
  let courier: Courier;
  let phone: CargoPhone;
  let now: Date;
  let validity: { notBefore: Date; notAfter: Date };

  before(async () => {
    opened = await openCogrpc();
    courier = new Courier(opened.port);
    phone = await CargoPhone.register(opened);
    now = opened.clock.now();
    validity = {
      notBefore: new Date(now.getTime() - 3_600_000),
      notAfter: new Date(now.getTime() + DAY_MS),
    };
  });

  after(async () => {
    courier[Symbol.dispose]();
    await opened[Symbol.asyncDispose]();
  });

  function ending(cca: Buffer): Promise<CallEnd> {
    return courier.collect([authorizationOf(cca)]).ended;
  }

  async function assertUnauthenticated(cca: Buffer, reason: RegExp): Promise<void> {
    const { code, details } = await ending(cca);
    assert.equal(code, status.UNAUTHENTICATED, details);
    assert.match(details, reason);
  }

  describe('metadata', () => {
    for (const [what, value] of [
      ['another scheme', 'Bearer AAAA'],
      ['no base64', 'Relaynet-CCA %%%'],
      ['no value', 'Relaynet-CCA'],
      ['two CCAs in one value', 'Relaynet-CCA AAAA, Relaynet-CCA AAAA'],
    ] as const) {
      it(`with ${what} as UNAUTHENTICATED`, async () => {
        assert.equal((await courier.collect([value]).ended).code, status.UNAUTHENTICATED);
      });
    }

    it('without authorization as UNAUTHENTICATED', async () => {
      assert.equal((await courier.collect([]).ended).code, status.UNAUTHENTICATED);
    });

    it('with two authorizations: the first alone counts, as Node’s HTTP/2 drops the second', async () => {
      const good = authorizationOf(await phone.cca());
      assert.equal(await statusOfRawCall(opened.port, ['Relaynet-CCA AAAA', good]), '16');
      assert.equal(await statusOfRawCall(opened.port, [good, 'Relaynet-CCA AAAA']), '0');
    });
  });

  describe('a CCA', () => {
    it('of random octets', () => assertUnauthenticated(randomBytes(2_000), /not valid/));

    it('that is a cargo', async () => {
      await assertUnauthenticated(await phone.cargo(), /not valid/);
    });

    it('for another gateway as INVALID_ARGUMENT', async () => {
      const other = await foreignGateway(now);
      const cca = await phone.cca({ recipient: { id: other.nodeId } });
      assert.equal((await ending(cca)).code, status.INVALID_ARGUMENT);
    });

    it('for another gateway, from whoever is not registered here, as UNAUTHENTICATED', async () => {
      const other = await foreignGateway(now);
      const from = await privateGateway('stranger', other, validity);
      const cca = await phone.cca({ recipient: { id: other.nodeId }, from });
      await assertUnauthenticated(cca, /not valid/);
    });

    it('that has expired', async () => {
      const createdAt = new Date(now.getTime() - 60_000);
      await assertUnauthenticated(await phone.cca({ createdAt, ttlSeconds: 30 }), /expired/);
    });

    it('dated in the future', async () => {
      const createdAt = new Date(now.getTime() + DAY_MS / 4);
      await assertUnauthenticated(await phone.cca({ createdAt }), /future/);
    });

    it('whose signature is broken', async () => {
      const cca = await phone.cca();
      cca[cca.length - 1] = (cca.at(-1) ?? 0) ^ 1;
      await assertUnauthenticated(cca, /not valid/);
    });

    it('from a private gateway of another gateway', async () => {
      const other = await foreignGateway(now);
      const from = await privateGateway('stranger', other, validity);
      await assertUnauthenticated(await phone.cca({ from }), /not valid/);
    });

    it('from a private gateway that issued its certificate to itself', async () => {
      const from = await internetGateway('phone', validity);
      await assertUnauthenticated(await phone.cca({ from }), /certificate by this gateway/);
    });
  });

  describe('a payload', () => {
    async function ccaWith(payload: Uint8Array): Promise<Buffer> {
      const cca = await messageFrom(phone.peer, {
        type: 'cca',
        recipient: { id: opened.gateway.nodeId },
        createdAt: now,
        payload,
      });
      return Buffer.from(cca);
    }

    async function goodRequest(): Promise<Uint8Array> {
      const issuer = await internetGateway('phone', validity);
      const cda = await cargoDeliveryAuthorization(opened.gateway, issuer, validity);
      return serialiseCollectionRequest(cda.certificate);
    }

    it('that is not encrypted', async () => {
      await assertUnauthenticated(await ccaWith(await goodRequest()), /not valid/);
    });

    it('for a session key that we never had', async () => {
      const cca = await phone.cca({ recipientKey: generateSessionKey() });
      await assertUnauthenticated(cca, /payload cannot be decrypted/);
    });

    it('for a session key that is another peer’s', async () => {
      const recipientKey = await opened.sessionKeys.createFor(
        identity('other phone').nodeId,
        'prime256v1',
      );
      await assertUnauthenticated(await phone.cca({ recipientKey }), /payload cannot be decrypted/);
    });

    it('on another curve than our key’s', async () => {
      const { id } = await opened.sessionKeys.registrationKey(phone.peer.nodeId);
      const { publicKey } = generateSessionKey('secp384r1');
      const cca = await phone.cca({
        recipientKey: { id, publicKey },
        senderKey: generateSessionKey('secp384r1'),
      });
      await assertUnauthenticated(cca, /payload cannot be decrypted/);
    });

    for (const cipher of ['aes-128-cbc', 'aes-256-gcm'] as const) {
      it(`that was cut, or changed, in ${cipher}`, async () => {
        const recipientKey = await opened.sessionKeys.registrationKey(phone.peer.nodeId);
        const senderKey = generateSessionKey();
        const request = await goodRequest();
        const envelope = encryptForSession(request, { recipientKey, senderKey, cipher });
        assert.equal((await ending(await ccaWith(envelope))).code, status.OK);
        await assertUnauthenticated(await ccaWith(envelope.subarray(0, -60)), /not valid/);
        const changed = Uint8Array.from(envelope);
        // Within the last block, or the tag: before the attribute with the key's id.
        const at = changed.length - 40;
        changed[at] = (changed[at] ?? 0) ^ 1;
        await assertUnauthenticated(
          await ccaWith(changed),
          /payload cannot be decrypted|not valid/,
        );
      });
    }

    it('that is no collection request', async () => {
      const recipientKey = await opened.sessionKeys.registrationKey(phone.peer.nodeId);
      const encryption = { recipientKey, senderKey: generateSessionKey() };
      const envelope = encryptForSession(Buffer.from('gibberish'), encryption);
      await assertUnauthenticated(await ccaWith(envelope), /not valid/);
    });
  });

  describe('a CDA', () => {
    async function assertRefused(cda: Certificate, reason: RegExp): Promise<void> {
      await assertUnauthenticated(await phone.cca({ cda }), reason);
    }

    async function cdaBy(issuer: Peer, subject = opened.gateway, valid = validity) {
      return (await cargoDeliveryAuthorization(subject, issuer, valid)).certificate;
    }

    it('for another gateway', async () => {
      const other = await foreignGateway(now);
      const issuer = await internetGateway('phone', validity);
      await assertRefused(await cdaBy(issuer, other), /payload cannot be decrypted/);
    });

    it('by another private gateway', async () => {
      const issuer = await internetGateway('other phone', validity);
      await assertRefused(await cdaBy(issuer), /payload cannot be decrypted/);
    });

    it('that has expired', async () => {
      const valid = {
        notBefore: new Date(now.getTime() - 3_000_000),
        notAfter: new Date(now.getTime() - 60_000),
      };
      const issuer = await internetGateway('phone', validity);
      await assertRefused(
        await cdaBy(issuer, opened.gateway, valid),
        /payload cannot be decrypted/,
      );
    });
  });

  it('no CDA for its dates while its own clock is in doubt: UNAVAILABLE', async () => {
    const clock = new ManualClock(new Date('2026-03-01T12:00:00Z'));
    const plausibility = new ClockPlausibility({ clock, notBefore: new Date(0) });
    await using doubting = await openCogrpc({ clock, plausibility });
    using its = new Courier(doubting.port);
    const member = await CargoPhone.register(doubting);
    const cda = await member.cda({ notAfter: new Date('2026-03-01T11:00:00Z') });
    const cca = await member.cca({ cda: cda.certificate });
    const codes: number[] = [];
    for (const offsetMs of [DAY_MS, 0]) {
      const oursMs = clock.now().getTime();
      plausibility.hear({ by: 'a witness', theirsMs: oursMs - offsetMs, oursMs });
      codes.push((await its.collectAll(cca)).end.code);
    }
    assert.deepEqual(codes, [status.UNAVAILABLE, status.UNAUTHENTICATED]);
  });

  it('a CCA under a key that only resembles ours', () => {
    // The node id binds the recipient to our key: nobody else's has it.
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    const id = `0${createHash('sha256').update(spki).digest('hex')}`;
    return phone
      .cca({ recipient: { id } })
      .then(ending)
      .then(({ code }) => assert.equal(code, status.INVALID_ARGUMENT));
  });
});

/** A call on bare HTTP/2, since gRPC’s client refuses to send what this is about. */
async function statusOfRawCall(port: number, authorizations: readonly string[]): Promise<string> {
  const lenient: http2.ClientSessionOptions & { strictSingleValueFields: boolean } = {
    strictSingleValueFields: false,
  };
  const session = http2.connect(`http://127.0.0.1:${port}`, { ...lenient });
  try {
    const headers = [
      ':method',
      'POST',
      ':path',
      '/awala.cogrpc.CargoRelay/CollectCargo',
      ':scheme',
      'http',
      ':authority',
      `127.0.0.1:${port}`,
      'content-type',
      'application/grpc',
      'te',
      'trailers',
      ...authorizations.flatMap((value) => ['authorization', value]),
    ];
    const stream = session.request(headers);
    return await new Promise<string>((resolve, reject) => {
      stream.on('response', (response) => resolveIfThere(response['grpc-status']));
      stream.on('trailers', (trailers) => resolveIfThere(trailers['grpc-status']));
      stream.on('error', reject);
      stream.on('end', () => reject(new Error('the call ended without a status')));
      stream.resume();
      function resolveIfThere(value: unknown): void {
        if (value !== undefined) {
          resolve(String(value));
        }
      }
    });
  } finally {
    session.destroy();
  }
}
