import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { Cargo, Parcel, ParcelDeliveryVerifier } from '@relaycorp/relaynet-core';
import fc from 'fast-check';
import { parseCountersignature } from '#awala/countersignature.ts';
import { parseMessage } from '#awala/ramf/message.ts';
import { Certificate } from '#awala/x509/certificate.ts';
import {
  authorisedSender,
  countersign,
  endpoint,
  internetGateway,
  messageFrom,
  type Peer,
  privateGateway,
  validAround,
} from '#test/builders/peers.ts';
import { arrayBuffer, peerCertificate, peerPrivateKey } from '#test/peers/js/values.ts';

/** The peer library reads the system's clock and takes no other. */
const now = new Date(Math.floor(Date.now() / 1_000) * 1_000);
/** Each in both directions. */
const RANDOM_RUNS = 100;

const fields = fc.record({
  id: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 64 }),
  recipient: fc.record(
    {
      id: fc.stringMatching(/^0[0-9a-f]{64}$/),
      internetAddress: fc.constantFrom('example.com', 'a.b.c.example', 'xn--bcher-kva.example'),
    },
    { requiredKeys: ['id'] },
  ),
  createdAt: fc.date({
    min: new Date('1990-01-01'),
    max: new Date('2099-12-31'),
    noInvalidDate: true,
  }),
  ttlSeconds: fc.integer({ min: 0, max: 15_552_000 }),
  payload: fc.uint8Array({ maxLength: 2_000, size: 'max' }),
});

describe('RAMF messages, between this gateway and the peer library', () => {
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

  it('lets the peer library validate a parcel, up to our certificate', async () => {
    const ours = await messageFrom(sender, {
      recipient: { id: recipient.nodeId },
      createdAt: now,
      payload: Buffer.from('hello'),
    });
    const parcel = await Parcel.deserialize(arrayBuffer(ours));
    const path = await parcel.validate([peerCertificate(gateway.certificate)]);
    assert.equal(path.length, 4);
    assert.equal(parcel.payloadSerialized.toString(), 'hello');
  });

  it('lets the peer library verify a countersignature', async () => {
    const parcel = Buffer.from('any octets will do');
    const header = await countersign(parcel, phone);
    const verifier = new ParcelDeliveryVerifier([peerCertificate(gateway.certificate)]);
    const signature = arrayBuffer(parseCountersignature(header) ?? Buffer.of());
    const signer = await verifier.verify(signature, arrayBuffer(parcel));
    assert.equal(await signer.calculateSubjectId(), phone.nodeId);
  });

  it('writes what the peer library reads, and reads what it writes', async () => {
    const peerKey = await peerPrivateKey(sender.privateKey);
    const property = fc.asyncProperty(fields, async (message) => {
      const createdAt = new Date(Math.floor(message.createdAt.getTime() / 1_000) * 1_000);
      const ours = await messageFrom(sender, message);
      const read = await Parcel.deserialize(arrayBuffer(ours));
      assert.equal(read.id, message.id);
      assert.equal(read.recipient.id, message.recipient.id);
      assert.equal(read.recipient.internetAddress, message.recipient.internetAddress);
      assert.deepEqual(read.creationDate, createdAt);
      assert.equal(read.ttl, message.ttlSeconds);
      assert.deepEqual(new Uint8Array(read.payloadSerialized), message.payload);
      assert.equal(read.senderCaCertificateChain.length, sender.issuers.length);

      const theirs = new Uint8Array(await read.serialize(peerKey));
      const parsed = parseMessage(theirs, 'parcel', Certificate.parse);
      assert.equal(parsed.id, message.id);
      assert.equal(parsed.recipient.id, message.recipient.id);
      assert.equal(
        parsed.recipient.internetAddress ?? undefined,
        message.recipient.internetAddress,
      );
      assert.deepEqual(parsed.createdAt, createdAt);
      assert.equal(parsed.ttlSeconds, message.ttlSeconds);
      assert.deepEqual(new Uint8Array(parsed.payload), message.payload);
      assert.ok(parsed.sender.equals(sender.certificate));
      assert.equal(parsed.attachedCertificates.length, 1 + sender.issuers.length);
    });
    await fc.assert(property, { numRuns: RANDOM_RUNS });
  });

  it('writes a cargo with the largest payload that the peer library reads', async () => {
    const payload = new Uint8Array(2 ** 23 - 1).fill(7);
    const message = { recipient: { id: phone.nodeId }, createdAt: now, payload };
    const ours = await messageFrom(gateway, { ...message, type: 'cargo' });
    const read = await Cargo.deserialize(arrayBuffer(ours));
    assert.equal(read.payloadSerialized.length, payload.length);
    await assert.rejects(
      messageFrom(gateway, { ...message, payload: new Uint8Array(2 ** 23) }),
      RangeError,
    );
  });
});
