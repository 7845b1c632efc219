import assert from 'node:assert/strict';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseCollectionRequest } from '#awala/cargo/cca.ts';
import { readMessageSet, typeOfCargoMessage } from '#awala/cargo/message-set.ts';
import { packCargo } from '#awala/cargo/pack-cargo.ts';
import { parsePca, serialisePca } from '#awala/cargo/pca.ts';
import { parseRotation, rotationFormsFor, serialiseRotation } from '#awala/cargo/rotation.ts';
import { readEnvelopedData } from '#awala/cms/enveloped-data.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { generateSessionKey } from '#awala/sessions/session-key.ts';
import { Certificate } from '#awala/x509/certificate.ts';
import { signerOf } from '#test/builders/peers.ts';
import { whyAndroidDrops } from '#test/peers/android-courier.ts';

const now = new Date('2026-01-10T00:00:00Z');
const gateway = certificate('gateway');
const phone = certificate('private-gateway');
const cda = certificate('cargo-delivery-authorization');
const verifier = new MessageVerifier();

describe('What Android gives a courier', () => {
  it('is a CCA that authorises us, under the certificate that we issued', () => {
    const cca = verifier.read(vector('cca.ramf'), 'cca');
    verifier.verifyFromPrivateGateway(cca, { at: now, anchors: [gateway] });
    assert.ok(cca.sender.equals(phone));
    const envelope = readEnvelopedData(cca.payload);
    const request = envelope.decrypt(privateKey('gateway-session'));
    assert.ok(parseCollectionRequest(request).equals(cda));
    assert.deepEqual(Buffer.from(envelope.recipientKeyId), vector('gateway-session.key-id'));
    assert.deepEqual(Buffer.from(envelope.originatorKey.id), vector('cca-session.key-id'));
  });

  it('is cargo with parcels and acknowledgements', () => {
    const cargo = verifier.read(vector('cargo.ramf'), 'cargo');
    verifier.verifyFromPrivateGateway(cargo, { at: now, anchors: [gateway] });
    assert.ok(cargo.sender.equals(phone));
    const envelope = readEnvelopedData(cargo.payload);
    assert.deepEqual(Buffer.from(envelope.originatorKey.id), vector('cargo-session.key-id'));
    const plaintext = envelope.decrypt(privateKey('gateway-session'));
    const messages = [...readMessageSet(plaintext)].map((message) => Buffer.from(message));
    assert.deepEqual(
      new Set(messages.map(hex)),
      new Set([vector('parcel-in-cargo.ramf'), vector('acknowledgement.pca')].map(hex)),
    );
    assert.equal(messages.filter((each) => typeOfCargoMessage(each) === 'parcel').length, 1);
  });

  it('is parcels from senders that its endpoints authorised', () => {
    const parcel = verifier.read(vector('parcel-in-cargo.ramf'), 'parcel');
    const path = verifier.verifyParcel(parcel, { at: now, anchors: [gateway] });
    assert.deepEqual(
      path.map(({ nodeId }) => nodeId),
      [certificate('delivery-authorization'), certificate('endpoint'), phone, gateway].map(
        ({ nodeId }) => nodeId,
      ),
    );
  });

  it('has acknowledgements that are octet for octet as ours', () => {
    const theirs = vector('acknowledgement.pca');
    assert.deepEqual(Buffer.from(serialisePca(parsePca(theirs))), theirs);
  });
});

describe('What Android demands of a gateway', () => {
  it('is certificate rotations in its own form, which ours are octet for octet', () => {
    const theirs = vector('rotation.message');
    const path = parseRotation(theirs);
    assert.ok(path.leaf.equals(certificate('rotated')));
    assert.deepEqual(
      path.authorities.map(({ nodeId }) => nodeId),
      [gateway.nodeId],
    );
    const forms = rotationFormsFor(verifier.read(vector('cca.ramf'), 'cca'));
    const ours = forms.map((form) => hex(serialiseRotation(path, form)));
    assert.ok(ours.includes(hex(theirs)));
  });

  it('is cargo that brings the certificate which the CDA was issued under', async () => {
    assert.equal(whyAndroidDrops(await cargoWith([phone]), now), null);
    assert.match(whyAndroidDrops(await cargoWith([]), now) ?? '', /certificate is missing/);
    assert.match(whyAndroidDrops(await cargoWith([gateway]), now) ?? '', /certificate is missing/);
  });

  it('is cargo that its session key opens', async () => {
    const { payload } = verifier.read(await cargoWith([phone]), 'cargo');
    const plaintext = readEnvelopedData(payload).decrypt(privateKey('cca-session'));
    assert.deepEqual([...readMessageSet(plaintext)].map(hex), [hex(vector('acknowledgement.pca'))]);
  });
});

/** Under the CDA of the CCA, for the session key that came with it. */
function cargoWith(attachedCertificates: readonly Certificate[]): Promise<Uint8Array> {
  const cca = verifier.read(vector('cca.ramf'), 'cca');
  const recipientKey = readEnvelopedData(cca.payload).originatorKey;
  return packCargo({
    recipient: { id: phone.nodeId },
    id: 'cargo',
    createdAt: cda.notBefore,
    ttlSeconds: 14 * 86_400,
    sender: cda,
    attachedCertificates,
    sign: signerOf(privateKey('gateway')),
    messages: [vector('acknowledgement.pca')],
    encryption: { recipientKey, senderKey: generateSessionKey() },
  });
}

function vector(name: string): Buffer {
  return readFileSync(new URL(`jvm/courier/${name}`, import.meta.url));
}

function certificate(name: string): Certificate {
  return Certificate.parse(vector(`${name}.cert.der`));
}

function privateKey(name: string): KeyObject {
  return createPrivateKey({ key: vector(`${name}.key.der`), format: 'der', type: 'pkcs8' });
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}
