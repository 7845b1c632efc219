import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import {
  identity,
  internetGateway,
  messageFrom,
  newIdentity,
  type Peer,
  validAround,
} from '#test/builders/peers.ts';
import { signDetached } from '../cms/signed-data-writer.ts';
import { InvalidMessageError } from '../errors.ts';
import { MessageVerifier } from '../message-verifier.ts';
import { issueGatewayCertificate } from '../x509/issuance.ts';
import { serialiseMessage } from './message-writer.ts';

const now = new Date('2026-01-01T00:00:00.789Z');
const recipient = { id: identity('recipient').nodeId, internetAddress: 'example.com' };

describe('writing messages', () => {
  const verifier = new MessageVerifier();
  let gateway: Peer;

  before(async () => {
    gateway = await internetGateway('gateway', validAround(now));
  });

  it('gives what our verifier accepts, for keys of every size', async () => {
    for (const modulusLength of [2_048, 2_056, 3_072]) {
      const self = newIdentity(modulusLength);
      const certificate = await issueGatewayCertificate({
        ...validAround(now),
        subjectKey: self.spki,
        issuer: null,
        issuerKey: self.spki,
        sign: self.sign,
      });
      const sender = { ...self, certificate, issuers: [] };
      const message = verifier.read(
        await messageFrom(sender, { recipient, createdAt: now, id: 'one' }),
        'parcel',
      );
      verifier.verify(message, { at: now });
      assert.equal(message.id, 'one');
      assert.deepEqual(message.createdAt, new Date('2026-01-01T00:00:00Z'));
      assert.deepEqual({ ...message.recipient }, recipient);
      assert.ok(message.sender.equals(certificate));
    }
  });

  it('attaches the signer’s certificate once', async () => {
    const octets = await messageFrom(
      { ...gateway, issuers: [gateway.certificate] },
      { recipient, createdAt: now },
    );
    assert.equal(verifier.read(octets, 'parcel').attachedCertificates.length, 1);
  });

  it('refuses fields that no peer would read', async () => {
    const cases = [
      { id: '' },
      { id: 'a'.repeat(65) },
      { id: 'é' },
      { ttlSeconds: -1 },
      { ttlSeconds: 0.5 },
      { ttlSeconds: 15_552_001 },
      { recipient: { id: '0'.repeat(1_025) } },
      { recipient: { id: '0', internetAddress: 'a'.repeat(1_025) } },
    ];
    for (const fields of cases) {
      await assert.rejects(
        messageFrom(gateway, { recipient, createdAt: now, ...fields }),
        RangeError,
      );
    }
  });

  it('refuses a signature that is not as long as the key', async () => {
    const message = serialiseMessage({
      type: 'parcel',
      recipient,
      id: 'one',
      createdAt: now,
      ttlSeconds: 1,
      payload: Buffer.of(),
      sender: gateway.certificate,
      attachedCertificates: [],
      sign: () => Buffer.alloc(255),
    });
    await assert.rejects(message, RangeError);
  });

  it('passes on what the signer throws', async () => {
    const failure = new Error('the vault is down');
    const sign = () => Promise.reject(failure);
    await assert.rejects(
      signDetached(Buffer.of(), 'parcel-delivery', { ...gateway, sign }),
      failure,
    );
  });

  it('makes detached signatures for one purpose only', async () => {
    const phone = identity('phone');
    const certificate = await issueGatewayCertificate({
      ...validAround(now),
      subjectKey: phone.spki,
      issuer: gateway.certificate,
      issuerKey: gateway.spki,
      sign: gateway.sign,
    });
    const trust = { at: now, anchors: [gateway.certificate] };
    const plaintext = Buffer.from('nonce');
    const signature = await signDetached(plaintext, 'collection-handshake', {
      certificate,
      sign: phone.sign,
    });
    const signer = verifier.verifyDetached(signature, plaintext, 'collection-handshake', trust);
    assert.ok(signer.equals(certificate));
    assert.throws(
      () => verifier.verifyDetached(signature, plaintext, 'parcel-delivery', trust),
      (error) => error instanceof InvalidMessageError && error.code === 'signature',
    );
  });
});
