import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { Certificate } from '#awala/x509/certificate.ts';

const at = new Date('2026-01-10T00:00:00Z');
const gateway = certificate('gateway');
const privateGateway = certificate('private-gateway');
const endpoint = certificate('endpoint');
const sender = certificate('delivery-authorization');
const trust = { at, anchors: [gateway] };

function vector(name: string): Uint8Array {
  return readFileSync(new URL(`jvm/${name}`, import.meta.url));
}

function certificate(name: string): Certificate {
  return Certificate.parse(vector(`${name}.cert.der`));
}

describe('The JVM peers', () => {
  const verifier = new MessageVerifier();

  const payloads = {
    'parcel-empty': 0,
    'parcel-1k': 1024,
    'parcel-20k': 20_000,
    'parcel-internet': 1024,
    'parcel-sha384': 1024,
    'parcel-sha512': 1024,
  };
  for (const [name, payloadOctets] of Object.entries(payloads)) {
    it(`have their ${name} accepted`, () => {
      const message = verifier.read(vector(`${name}.ramf`), 'parcel');
      const path = verifier.verifyParcel(message, trust);

      assert.equal(message.id, name);
      assert.deepEqual(message.createdAt, new Date('2026-01-02T03:04:05Z'));
      assert.equal(message.ttlSeconds, 30 * 86_400);
      assert.deepEqual(Buffer.from(message.payload), Buffer.alloc(payloadOctets, 7));
      assert.deepEqual(
        path.map(({ nodeId }) => nodeId),
        [sender, endpoint, privateGateway, gateway].map(({ nodeId }) => nodeId),
      );
    });
  }

  for (const type of ['cargo', 'cca'] as const) {
    it(`have their ${type} accepted`, () => {
      const message = verifier.read(vector(`${type}.ramf`), type);
      verifier.verifyFromPrivateGateway(message, trust);

      assert.equal(message.sender.nodeId, privateGateway.nodeId);
    });
  }

  it('have their countersignatures accepted', () => {
    const signer = verifier.verifyDetached(
      vector('countersignature.cms'),
      vector('parcel-1k.ramf'),
      'parcel-delivery',
      trust,
    );

    assert.equal(signer.nodeId, privateGateway.nodeId);
  });

  it('have their signatures of nonces accepted', () => {
    const nonce = Buffer.from('nonce');
    const signature = vector('nonce-signature.cms');
    const signer = verifier.verifyDetached(signature, nonce, 'collection-handshake', trust);

    assert.equal(signer.nodeId, privateGateway.nodeId);
  });
});
