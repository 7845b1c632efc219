import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { assertRefusesDamage } from '#test/builders/malformed.ts';
import { identity, internetGateway, type Peer, validAround } from '#test/builders/peers.ts';
import { encodeDer, implicit, sequence } from '../der/writer.ts';
import { InvalidMessageError, MalformedMessageError } from '../errors.ts';
import { generateSessionKey } from '../sessions/session-key.ts';
import { parseAuthorization, serialiseAuthorization } from './authorization.ts';
import { parseRegistration, serialiseRegistration } from './registration.ts';
import { parseRegistrationRequest, serialiseRegistrationRequest } from './request.ts';

const now = new Date('2026-01-01T00:00:00Z');

describe('registration', () => {
  let gateway: Peer;
  const phone = identity('phone');

  before(async () => {
    gateway = await internetGateway('gateway', validAround(now));
  });

  describe('authorization', () => {
    const gatewayData = Buffer.from('digest of a key');

    it('comes back as it was granted, to the second', async () => {
      const expiresAt = new Date('2026-01-01T00:00:09.900Z');
      const octets = await serialiseAuthorization({ expiresAt, gatewayData }, gateway.sign);
      const authorization = parseAuthorization(octets);
      assert.deepEqual(authorization.expiresAt, new Date('2026-01-01T00:00:09Z'));
      assert.deepEqual(Buffer.from(authorization.gatewayData), gatewayData);
      assert.ok(authorization.verify(gateway.certificate.publicKey));
    });

    it('is not verified once its expiry or its data was changed', async () => {
      const octets = await serialiseAuthorization({ expiresAt: now, gatewayData }, gateway.sign);
      for (const text of ['20260101', 'digest']) {
        const changed = Buffer.from(octets);
        changed.writeUInt8(0x31, changed.indexOf(text));
        assert.ok(!parseAuthorization(changed).verify(gateway.certificate.publicKey));
      }
    });

    it('is refused when damaged', async () => {
      const granted = { expiresAt: now, gatewayData };
      const octets = await serialiseAuthorization(granted, gateway.sign);
      assertRefusesDamage(octets, (damaged) =>
        parseAuthorization(damaged).verify(gateway.certificate.publicKey),
      );
    });
  });

  describe('request', () => {
    const authorization = Buffer.from('granted');

    it('proves who holds the key', async () => {
      const request = { publicKey: phone.spki, authorization };
      const honest = await serialiseRegistrationRequest(request, phone.sign);
      assert.ok(parseRegistrationRequest(honest).verifyCountersignature());
      const forged = await serialiseRegistrationRequest(request, gateway.sign);
      assert.ok(!parseRegistrationRequest(forged).verifyCountersignature());
    });

    it('is refused when damaged', async () => {
      const octets = await serialiseRegistrationRequest(
        { publicKey: phone.spki, authorization },
        phone.sign,
      );
      assertRefusesDamage(octets, (damaged) =>
        parseRegistrationRequest(damaged).verifyCountersignature(),
      );
    });

    it('is refused if its key is for other signatures than those of Awala', async () => {
      for (const hashAlgorithm of ['sha384', 'sha512']) {
        const keys = generateKeyPairSync('rsa-pss', {
          modulusLength: 2048,
          hashAlgorithm,
          mgf1HashAlgorithm: hashAlgorithm,
        });
        const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' });
        const octets = await serialiseRegistrationRequest({ publicKey, authorization }, phone.sign);
        const request = parseRegistrationRequest(octets);
        assert.throws(() => request.verifyCountersignature(), InvalidMessageError);
      }
    });

    it('is malformed if it brings no public key', () => {
      const octets = encodeDer(
        sequence(implicit(0, Buffer.of(1)), implicit(1, authorization), implicit(2, Buffer.of(2))),
      );
      assert.throws(() => parseRegistrationRequest(octets), MalformedMessageError);
    });

    it('is refused for a key that RS-018 rules out', async () => {
      const keys = [
        generateKeyPairSync('rsa', { modulusLength: 1_024 }),
        generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
        generateKeyPairSync('ed25519'),
      ];
      for (const { publicKey } of keys) {
        const spki = publicKey.export({ type: 'spki', format: 'der' });
        const octets = await serialiseRegistrationRequest(
          { publicKey: spki, authorization },
          phone.sign,
        );
        assert.throws(
          () => parseRegistrationRequest(octets),
          (error) => error instanceof InvalidMessageError && error.code === 'algorithm',
        );
      }
    });
  });

  describe('answer', () => {
    it('is refused when damaged', () => {
      const octets = serialiseRegistration({
        peerCertificate: gateway.certificate,
        gatewayCertificate: gateway.certificate,
        internetAddress: 'gateway.example.com',
        sessionKey: generateSessionKey(),
      });
      assertRefusesDamage(octets, parseRegistration);
    });

    it('is refused for a session key on a curve that RS-018 rules out', () => {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
      const octets = serialiseRegistration({
        peerCertificate: gateway.certificate,
        gatewayCertificate: gateway.certificate,
        internetAddress: 'gateway.example.com',
        sessionKey: {
          id: Buffer.of(1),
          publicKey: publicKey.export({ type: 'spki', format: 'der' }),
        },
      });
      assert.throws(() => parseRegistration(octets), InvalidMessageError);
    });
  });
});
