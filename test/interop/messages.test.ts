import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import {
  derSerializePublicKey,
  HandshakeChallenge,
  HandshakeResponse,
  NodeConnectionParams,
  ParcelCollectionHandshakeVerifier,
  ParcelDelivery,
  PrivateNodeRegistration,
  PrivateNodeRegistrationAuthorization,
  PrivateNodeRegistrationRequest,
  issueEndpointCertificate as peerIssueEndpointCertificate,
} from '@relaycorp/relaynet-core';
import fc from 'fast-check';
import {
  deliveryFrameParts,
  parseDelivery,
  serialiseDelivery,
} from '#awala/collection/delivery.ts';
import {
  parseChallenge,
  parseHandshakeResponse,
  serialiseChallenge,
  serialiseHandshakeResponse,
} from '#awala/collection/handshake.ts';
import {
  parseConnectionParameters,
  serialiseConnectionParameters,
} from '#awala/connection-parameters.ts';
import { parseAuthorization, serialiseAuthorization } from '#awala/registration/authorization.ts';
import { parseRegistration, serialiseRegistration } from '#awala/registration/registration.ts';
import {
  parseRegistrationRequest,
  serialiseRegistrationRequest,
} from '#awala/registration/request.ts';
import { generateSessionKey } from '#awala/sessions/session-key.ts';
import { Certificate } from '#awala/x509/certificate.ts';
import {
  authorisedSender,
  endpoint,
  internetGateway,
  type Peer,
  privateGateway,
  signNonce,
  validAround,
} from '#test/builders/peers.ts';
import {
  arrayBuffer,
  peerCertificate,
  peerPrivateKey,
  peerPublicKey,
} from '#test/peers/js/values.ts';

/** The peer library reads the system's clock and takes no other. */
const now = new Date(Math.floor(Date.now() / 1_000) * 1_000);
const RANDOM_RUNS = 200;

const octets = fc.uint8Array({ maxLength: 300 });
const visible = (maxLength: number) =>
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength }).filter((s) => s.trim() !== '');

describe('messages, between this gateway and the peer library', () => {
  let gateway: Peer;
  let phone: Peer;
  let recipient: Peer;
  let sender: Peer;

  before(async () => {
    const validity = validAround(now);
    gateway = await internetGateway('gateway', validity);
    phone = await privateGateway('phone', gateway, validity);
    recipient = await endpoint('recipient', phone, validity);
    sender = await authorisedSender('sender', recipient, validity);
  });

  describe('certificates', () => {
    it('lets the peer library find the path through certificates that we issued', async () => {
      const path = await peerCertificate(sender.certificate).getCertificationPath(
        sender.issuers.map(peerCertificate),
        [peerCertificate(gateway.certificate)],
      );
      const ids = await Promise.all(path.map((certificate) => certificate.calculateSubjectId()));
      assert.deepEqual(ids, [sender.nodeId, recipient.nodeId, phone.nodeId, gateway.nodeId]);
    });

    it('gives the peer library the same names and dates', () => {
      const peer = peerCertificate(phone.certificate);
      assert.equal(peer.getCommonName(), phone.nodeId);
      assert.equal(peer.getIssuerId(), gateway.nodeId);
      assert.deepEqual(peer.startDate, phone.certificate.notBefore);
      assert.deepEqual(peer.expiryDate, phone.certificate.notAfter);
    });

    it('reads a certificate that the peer library issued under one of ours', async () => {
      const issued = await peerIssueEndpointCertificate({
        issuerCertificate: peerCertificate(phone.certificate),
        issuerPrivateKey: await peerPrivateKey(phone.privateKey),
        subjectPublicKey: await peerPublicKey(recipient.spki),
        validityEndDate: phone.certificate.notAfter,
        validityStartDate: now,
      });
      const certificate = Certificate.parse(new Uint8Array(issued.serialize()));
      assert.equal(certificate.nodeId, recipient.nodeId);
      assert.equal(certificate.pathLength, 0);
      assert.deepEqual(certificate.issuer, phone.certificate.subject);
    });
  });

  describe('registration', () => {
    it('exchanges authorizations', async () => {
      await fc.assert(
        fc.asyncProperty(octets, async (gatewayData) => {
          const expiresAt = new Date(now.getTime() + 60_000);
          const ours = await serialiseAuthorization({ expiresAt, gatewayData }, gateway.sign);
          const read = await PrivateNodeRegistrationAuthorization.deserialize(
            arrayBuffer(ours),
            await peerPublicKey(gateway.spki),
          );
          assert.deepEqual(new Uint8Array(read.gatewayData), gatewayData);
          assert.deepEqual(read.expiryDate, expiresAt);

          const theirs = await read.serialize(await peerPrivateKey(gateway.privateKey));
          const parsed = parseAuthorization(new Uint8Array(theirs));
          assert.deepEqual(parsed.gatewayData, gatewayData);
          assert.deepEqual(parsed.expiresAt, expiresAt);
          assert.ok(parsed.verify(gateway.certificate.publicKey));
          assert.ok(!parsed.verify(phone.certificate.publicKey));
        }),
        { numRuns: 20 },
      );
    });

    it('exchanges requests', async () => {
      const authorization = Buffer.from('whatever was granted');
      const ours = await serialiseRegistrationRequest(
        { publicKey: phone.spki, authorization },
        phone.sign,
      );
      const read = await PrivateNodeRegistrationRequest.deserialize(arrayBuffer(ours));
      assert.deepEqual(Buffer.from(read.pnraSerialized), authorization);

      const theirs = await read.serialize(await peerPrivateKey(phone.privateKey));
      const parsed = parseRegistrationRequest(new Uint8Array(theirs));
      assert.deepEqual(parsed.publicKey, phone.spki);
      assert.deepEqual(Buffer.from(parsed.authorization), authorization);
      assert.ok(parsed.verifyCountersignature());
    });

    it('detects a request that another key signed', async () => {
      const forged = await serialiseRegistrationRequest(
        { publicKey: phone.spki, authorization: Buffer.from('granted') },
        gateway.sign,
      );
      assert.ok(!parseRegistrationRequest(forged).verifyCountersignature());
    });

    it('exchanges registrations, with and without a session key', async () => {
      for (const sessionKey of [generateSessionKey(), null]) {
        const ours = serialiseRegistration({
          peerCertificate: phone.certificate,
          gatewayCertificate: gateway.certificate,
          internetAddress: 'gateway.example.com',
          sessionKey,
        });
        const read = await PrivateNodeRegistration.deserialize(arrayBuffer(ours));
        assert.equal(read.internetGatewayInternetAddress, 'gateway.example.com');
        assert.ok(read.privateNodeCertificate.isEqual(peerCertificate(phone.certificate)));
        assert.ok(read.gatewayCertificate.isEqual(peerCertificate(gateway.certificate)));

        const theirs = new Uint8Array(await read.serialize());
        assert.deepEqual(Buffer.from(theirs), Buffer.from(ours));
        const parsed = parseRegistration(theirs);
        assert.ok(parsed.peerCertificate.equals(phone.certificate));
        assert.equal(parsed.sessionKey === null, sessionKey === null);
      }
    });
  });

  describe('connection parameters', () => {
    it('are the same octets in both libraries', async () => {
      const sessionKey = generateSessionKey();
      const ours = serialiseConnectionParameters({
        internetAddress: 'gateway.example.com',
        identityKey: gateway.spki,
        sessionKey,
      });
      const read = await NodeConnectionParams.deserialize(arrayBuffer(ours));
      assert.equal(read.internetAddress, 'gateway.example.com');
      assert.deepEqual(await derSerializePublicKey(read.identityKey), Buffer.from(gateway.spki));
      assert.deepEqual(read.sessionKey.keyId, Buffer.from(sessionKey.id));

      const theirs = new Uint8Array(await read.serialize());
      assert.deepEqual(Buffer.from(theirs), Buffer.from(ours));
      const parsed = parseConnectionParameters(theirs);
      assert.deepEqual(parsed.identityKey, gateway.spki);
      assert.deepEqual(parsed.sessionKey.publicKey, new Uint8Array(sessionKey.publicKey));
    });
  });

  describe('collection', () => {
    it('exchanges challenges', () => {
      fc.assert(
        fc.property(octets, (nonce) => {
          const ours = serialiseChallenge(nonce);
          const read = HandshakeChallenge.deserialize(arrayBuffer(ours));
          assert.deepEqual(new Uint8Array(read.nonce), nonce);
          assert.deepEqual(parseChallenge(new Uint8Array(read.serialize())), nonce);
        }),
        { numRuns: RANDOM_RUNS },
      );
    });

    it('exchanges handshake responses', () => {
      fc.assert(
        fc.property(fc.array(octets, { minLength: 1, maxLength: 5 }), (signatures) => {
          const ours = serialiseHandshakeResponse(signatures);
          const read = HandshakeResponse.deserialize(arrayBuffer(ours));
          assert.deepEqual(
            read.nonceSignatures.map((each) => new Uint8Array(each)),
            signatures,
          );
          assert.deepEqual(parseHandshakeResponse(new Uint8Array(read.serialize())), signatures);
        }),
        { numRuns: RANDOM_RUNS },
      );
    });

    it('exchanges deliveries', () => {
      fc.assert(
        fc.property(visible(100), octets, (deliveryId, parcel) => {
          const ours = serialiseDelivery(deliveryId, parcel);
          const inPieces = Buffer.concat([deliveryFrameParts(deliveryId, parcel.length), parcel]);
          assert.deepEqual(inPieces, Buffer.from(ours));
          const read = ParcelDelivery.deserialize(arrayBuffer(ours));
          assert.equal(read.deliveryId, deliveryId);
          assert.deepEqual(new Uint8Array(read.parcelSerialized), parcel);
          const parsed = parseDelivery(new Uint8Array(read.serialize()));
          assert.deepEqual(parsed, { deliveryId, parcel });
        }),
        { numRuns: RANDOM_RUNS },
      );
    });

    it('makes the peer library recognise who signed a nonce', async () => {
      const nonce = Buffer.from('nonce');
      const verifier = new ParcelCollectionHandshakeVerifier([
        peerCertificate(gateway.certificate),
      ]);
      const signature = arrayBuffer(await signNonce(nonce, phone));
      const signer = await verifier.verify(signature, arrayBuffer(nonce));
      assert.equal(await signer.calculateSubjectId(), phone.nodeId);
    });
  });
});
