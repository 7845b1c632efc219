import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { before, describe, it } from 'node:test';
import {
  Cargo,
  CargoCollectionAuthorization,
  CargoCollectionRequest,
  CargoMessageSet,
  CertificateRotation,
  CertificationPath,
  EnvelopedData,
  InvalidMessageError,
  ParcelCollectionAck,
  SessionEnvelopedData,
} from '@relaycorp/relaynet-core';
import fc from 'fast-check';
import { parseCollectionRequest } from '#awala/cargo/cca.ts';
import {
  CargoBatch,
  MAX_MESSAGES_IN_BATCH,
  messageSetDer,
  readMessageSet,
  typeOfCargoMessage,
} from '#awala/cargo/message-set.ts';
import { parsePca, serialisePca } from '#awala/cargo/pca.ts';
import { parseRotation, serialiseRotation } from '#awala/cargo/rotation.ts';
import { readEnvelopedData } from '#awala/cms/enveloped-data.ts';
import { encryptForSession } from '#awala/cms/enveloped-data-writer.ts';
import { encodeDer } from '#awala/der/writer.ts';
import { MAX_PARCEL_OCTETS } from '#awala/limits.ts';
import { parseMessage } from '#awala/ramf/message.ts';
import { generateSessionKey, type SessionCurve } from '#awala/sessions/session-key.ts';
import { Certificate } from '#awala/x509/certificate.ts';
import {
  cargoDeliveryAuthorization,
  cargoFrom,
  ccaFrom,
  internetGateway,
  type Peer,
  privateGateway,
  validAround,
} from '#test/builders/peers.ts';
import {
  arrayBuffer,
  peerCertificate,
  peerPrivateKey,
  peerSessionKey,
  peerSessionPrivateKey,
} from '#test/peers/js/values.ts';

/** The peer library reads the system's clock and takes no other. */
const now = new Date(Math.floor(Date.now() / 1_000) * 1_000);
const RANDOM_RUNS = 200;
const CURVES: readonly SessionCurve[] = ['prime256v1', 'secp384r1', 'secp521r1'];
const KEY_BITS = [128, 192, 256] as const;

const visible = (maxLength: number) =>
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength });

describe('cargo messages, between this gateway and the peer library', () => {
  let gateway: Peer;
  let phone: Peer;

  before(async () => {
    const validity = validAround(now);
    gateway = await internetGateway('gateway', validity);
    phone = await privateGateway('phone', gateway, validity);
  });

  describe('sessions', () => {
    for (const curve of CURVES) {
      for (const bits of KEY_BITS) {
        it(`exchange payloads on ${curve} with AES-${bits}-CBC`, async () => {
          const [recipientKey, senderKey] = [generateSessionKey(curve), generateSessionKey(curve)];
          const privateKey = await peerSessionPrivateKey(recipientKey.privateKey, curve);
          for (const octets of [0, 1, 15, 16, 17, 70_000]) {
            const plaintext = randomBytes(octets);
            const ours = encryptForSession(plaintext, {
              recipientKey,
              senderKey,
              cipher: `aes-${bits}-cbc`,
            });
            const read = EnvelopedData.deserialize(arrayBuffer(ours));
            assert.ok(read instanceof SessionEnvelopedData);
            assert.deepEqual(read.getRecipientKeyId(), Buffer.from(recipientKey.id));
            assert.deepEqual((await read.getOriginatorKey()).keyId, Buffer.from(senderKey.id));
            assert.deepEqual(Buffer.from(await read.decrypt(privateKey)), plaintext);

            const { envelopedData, dhKeyId } = await SessionEnvelopedData.encrypt(
              arrayBuffer(plaintext),
              await peerSessionKey(recipientKey, curve),
              { aesKeySize: bits },
            );
            const parsed = readEnvelopedData(new Uint8Array(envelopedData.serialize()));
            assert.deepEqual(Buffer.from(parsed.recipientKeyId), recipientKey.id);
            assert.deepEqual(Buffer.from(parsed.originatorKey.id), Buffer.from(dhKeyId));
            assert.equal(parsed.cipher, `aes-${bits}-cbc`);
            const decrypted = parsed.decrypt(recipientKey.privateKey);
            assert.deepEqual(Buffer.from(decrypted), plaintext);
          }
        });
      }
    }

    it('let us answer to the key that a message of the peer library came with', async () => {
      const ourKey = generateSessionKey();
      const { envelopedData, dhPrivateKey } = await SessionEnvelopedData.encrypt(
        arrayBuffer(Buffer.from('question')),
        await peerSessionKey(ourKey),
      );
      const question = readEnvelopedData(new Uint8Array(envelopedData.serialize()));
      const answer = encryptForSession(Buffer.from('answer'), {
        recipientKey: question.originatorKey,
        senderKey: generateSessionKey(),
      });
      const read = EnvelopedData.deserialize(arrayBuffer(answer));
      assert.equal(Buffer.from(await read.decrypt(dhPrivateKey)).toString(), 'answer');
    });
  });

  describe('cargo', () => {
    it('is decrypted and unpacked by the peer library', async () => {
      const recipientKey = generateSessionKey();
      const cda = await cargoDeliveryAuthorization(gateway, phone, validAround(now));
      const messages = [randomBytes(10), randomBytes(100_000), randomBytes(1)];
      const ours = await cargoFrom(cda, {
        messages,
        recipient: { id: phone.nodeId },
        recipientKey,
        createdAt: now,
      });
      const cargo = await Cargo.deserialize(arrayBuffer(ours));
      await cargo.validate([peerCertificate(phone.certificate)]);
      const { payload } = await cargo.unwrapPayload(
        await peerSessionPrivateKey(recipientKey.privateKey),
      );
      assert.deepEqual(
        payload.messages.map((message) => Buffer.from(message)),
        messages,
      );
    });

    it('of one parcel of the largest size is read by the peer library', async () => {
      const recipientKey = generateSessionKey();
      const cda = await cargoDeliveryAuthorization(gateway, phone, validAround(now));
      const largest = randomBytes(MAX_PARCEL_OCTETS);
      const ours = await cargoFrom(cda, {
        messages: [largest],
        recipient: { id: phone.nodeId },
        recipientKey,
        createdAt: now,
      });
      const cargo = await Cargo.deserialize(arrayBuffer(ours));
      await cargo.validate([peerCertificate(phone.certificate)]);
      const privateKey = await peerSessionPrivateKey(recipientKey.privateKey);
      const { payload } = await cargo.unwrapPayload(privateKey);
      const [read = new ArrayBuffer()] = payload.messages;
      assert.ok(largest.equals(Buffer.from(read)));
    });

    it('of the peer library is decrypted and unpacked by us', async () => {
      const ourKey = generateSessionKey();
      const messages = [randomBytes(10), randomBytes(100_000), randomBytes(1)];
      const set = new CargoMessageSet(messages.map(arrayBuffer)).serialize();
      const { envelopedData } = await SessionEnvelopedData.encrypt(
        set,
        await peerSessionKey(ourKey),
      );
      const cargo = new Cargo(
        { id: gateway.nodeId, internetAddress: 'gateway.example.com' },
        peerCertificate(phone.certificate),
        Buffer.from(envelopedData.serialize()),
      );
      const theirs = await cargo.serialize(await peerPrivateKey(phone.privateKey));
      const parsed = parseMessage(new Uint8Array(theirs), 'cargo', Certificate.parse);
      const plaintext = readEnvelopedData(parsed.payload).decrypt(ourKey.privateKey);
      assert.deepEqual(
        Array.from(readMessageSet(plaintext), (each) => Buffer.from(each)),
        messages,
      );
    });

    it('holds no more acknowledgements than the peer library reads', () => {
      const batch = new CargoBatch();
      const senderId = phone.nodeId;
      while (
        batch.add(serialisePca({ senderId, recipientId: senderId, parcelId: randomUUID() }), now)
      ) {}
      const set = arrayBuffer(encodeDer(messageSetDer(batch.messages)));
      const read = Array.from(CargoMessageSet.deserialize(set).messages);
      assert.equal(read.length, MAX_MESSAGES_IN_BATCH);
    });

    it('carries the same message set in both libraries', () => {
      const property = fc.property(
        fc.array(fc.uint8Array({ maxLength: 300, size: 'max' })),
        (messages) => {
          const theirs = new CargoMessageSet(messages.map(arrayBuffer)).serialize();
          assert.deepEqual([...readMessageSet(new Uint8Array(theirs))], messages);
        },
      );
      fc.assert(property, { numRuns: RANDOM_RUNS });
    });
  });

  it('exchange acknowledgements', () => {
    const property = fc.property(
      visible(70),
      visible(70),
      visible(64),
      (senderId, recipientId, parcelId) => {
        const ours = serialisePca({ senderId, recipientId, parcelId });
        const read = ParcelCollectionAck.deserialize(arrayBuffer(ours));
        assert.equal(read.senderEndpointId, senderId);
        assert.equal(read.recipientEndpointId, recipientId);
        assert.equal(read.parcelId, parcelId);
        const theirs = new Uint8Array(read.serialize());
        assert.deepEqual(parsePca(theirs), { senderId, recipientId, parcelId });
        assert.equal(typeOfCargoMessage(theirs), 'pca');
      },
    );
    fc.assert(property, { numRuns: RANDOM_RUNS });
  });

  it('exchange certificate rotations', () => {
    const ours = serialiseRotation({
      leaf: phone.certificate,
      authorities: [gateway.certificate],
    });
    const read = CertificateRotation.deserialize(arrayBuffer(ours));
    const { leafCertificate, certificateAuthorities } = read.certificationPath;
    assert.ok(leafCertificate.isEqual(peerCertificate(phone.certificate)));
    assert.equal(certificateAuthorities.length, 1);

    const theirs = new CertificateRotation(
      new CertificationPath(leafCertificate, certificateAuthorities),
    ).serialize();
    const parsed = parseRotation(new Uint8Array(theirs));
    assert.ok(parsed.leaf.equals(phone.certificate));
    assert.ok(parsed.authorities[0]?.equals(gateway.certificate));
    assert.equal(typeOfCargoMessage(new Uint8Array(theirs)), 'certificate-rotation');
  });

  it('read one item of a cargo apart from the others: the rotation of Android’s form is an error of its own', async () => {
    const path = { leaf: phone.certificate, authorities: [gateway.certificate] };
    const items = [serialiseRotation(path, 'certificates'), serialiseRotation(path)];
    const set = CargoMessageSet.deserialize(arrayBuffer(encodeDer(messageSetDer(items))));
    const [android, ours] = [...set.messages].map(
      (item) => () => CargoMessageSet.deserializeItem(item),
    );
    assert.ok(android && ours);
    await assert.rejects(android(), InvalidMessageError);
    assert.ok((await ours()) instanceof CertificateRotation);
  });

  it('exchange collection authorisations', async () => {
    const ourKey = generateSessionKey();
    const cda = await cargoDeliveryAuthorization(gateway, phone, validAround(now));
    const ours = await ccaFrom(phone, {
      recipient: { id: gateway.nodeId, internetAddress: 'gateway.example.com' },
      recipientKey: ourKey,
      cda: cda.certificate,
      createdAt: now,
    });
    const read = await CargoCollectionAuthorization.deserialize(arrayBuffer(ours));
    const { payload } = await read.unwrapPayload(await peerSessionPrivateKey(ourKey.privateKey));
    assert.ok(payload.cargoDeliveryAuthorization.isEqual(peerCertificate(cda.certificate)));

    const { envelopedData } = await SessionEnvelopedData.encrypt(
      new CargoCollectionRequest(peerCertificate(cda.certificate)).serialize(),
      await peerSessionKey(ourKey),
    );
    const theirs = await new CargoCollectionAuthorization(
      { id: gateway.nodeId, internetAddress: 'gateway.example.com' },
      peerCertificate(phone.certificate),
      Buffer.from(envelopedData.serialize()),
    ).serialize(await peerPrivateKey(phone.privateKey));
    const parsed = parseMessage(new Uint8Array(theirs), 'cca', Certificate.parse);
    const request = readEnvelopedData(parsed.payload).decrypt(ourKey.privateKey);
    assert.ok(parseCollectionRequest(request).equals(cda.certificate));
  });
});
