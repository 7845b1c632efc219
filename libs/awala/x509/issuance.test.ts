import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { identity } from '#test/builders/peers.ts';
import { ignoreElement } from '../der/ignored.ts';
import { DerReader, TAG } from '../der/reader.ts';
import { encodeDer, sequence } from '../der/writer.ts';
import { MalformedMessageError } from '../errors.ts';
import type { Certificate } from './certificate.ts';
import {
  type IssuanceOptions,
  issueDeliveryAuthorization,
  issueEndpointCertificate,
  issueGatewayCertificate,
} from './issuance.ts';

const parent = identity('parent');
const child = identity('child');
const notBefore = new Date('2026-01-01T00:00:00Z');
const notAfter = new Date('2026-06-01T00:00:00Z');

const selfIssuance: IssuanceOptions = {
  subjectKey: parent.spki,
  issuer: null,
  issuerKey: parent.spki,
  sign: parent.sign,
  notBefore,
  notAfter,
};

function issuanceBy(issuer: Certificate): IssuanceOptions {
  return { ...selfIssuance, issuer, subjectKey: child.spki };
}

describe('issuance', () => {
  it('gives self-issued gateways, gateways, endpoints and authorisations their rights', async () => {
    const root = await issueGatewayCertificate(selfIssuance);
    const gateway = await issueGatewayCertificate(issuanceBy(root));
    const endpoint = await issueEndpointCertificate(issuanceBy(root));
    const authorization = await issueDeliveryAuthorization(issuanceBy(root));
    const rights = [root, gateway, endpoint, authorization].map((each) => [
      each.isCa,
      each.pathLength,
    ]);
    assert.deepEqual(rights, [
      [true, 2],
      [true, 1],
      [true, 0],
      [false, null],
    ]);
  });

  it('makes certificates that OpenSSL verifies', async () => {
    const root = await issueGatewayCertificate(selfIssuance);
    const issued = await issueGatewayCertificate(issuanceBy(root));
    const [rootX509, issuedX509] = [new X509Certificate(root.der), new X509Certificate(issued.der)];
    assert.ok(issuedX509.checkIssued(rootX509));
    assert.ok(issuedX509.verify(rootX509.publicKey));
    assert.ok(rootX509.verify(rootX509.publicKey));
    assert.ok(rootX509.ca);
    assert.equal(issuedX509.subject, `CN=${child.nodeId}`);
    assert.equal(issuedX509.issuer, `CN=${parent.nodeId}`);
  });

  it('names both keys', async () => {
    const root = await issueGatewayCertificate(selfIssuance);
    const issued = await issueGatewayCertificate(issuanceBy(root));
    assert.equal(issued.nodeId, child.nodeId);
    assert.equal(hexOf(issued.authorityKeyId), parent.nodeId.slice(1));
    assert.equal(hexOf(issued.subjectKeyId), child.nodeId.slice(1));
  });

  it('never lets a certificate outlive its issuer', async () => {
    const root = await issueGatewayCertificate(selfIssuance);
    const later = new Date('2027-01-01T00:00:00Z');
    const longer = await issueGatewayCertificate({ ...issuanceBy(root), notAfter: later });
    assert.deepEqual(longer.notAfter, notAfter);
    const earlier = new Date('2026-05-01T00:00:00Z');
    const shorter = await issueGatewayCertificate({ ...issuanceBy(root), notAfter: earlier });
    assert.deepEqual(shorter.notAfter, earlier);
  });

  it('refuses to issue once the issuer has expired', async () => {
    const root = await issueGatewayCertificate(selfIssuance);
    const late = {
      ...issuanceBy(root),
      notBefore: new Date('2026-06-01T00:00:01Z'),
      notAfter: new Date('2026-07-01T00:00:00Z'),
    };
    await assert.rejects(issueGatewayCertificate(late), RangeError);
  });

  it('refuses a key that is not the issuer’s', async () => {
    const root = await issueGatewayCertificate(selfIssuance);
    await assert.rejects(
      issueGatewayCertificate({ ...issuanceBy(root), issuerKey: child.spki }),
      TypeError,
    );
  });

  it('refuses a key that it could not write again as it came', async () => {
    const root = await issueGatewayCertificate(selfIssuance);
    const [keyOid, keyBits] = partsOf(child.spki);
    for (const parameters of ['300402820000', '30810101', '2480040101040102']) {
      const algorithm = sequence(keyOid, Buffer.from(parameters, 'hex'));
      const subjectKey = encodeDer(sequence(algorithm, keyBits));
      await assert.rejects(
        issueGatewayCertificate({ ...issuanceBy(root), subjectKey }),
        MalformedMessageError,
      );
    }
  });

  it('says of a subject that it is established if told so, which nobody need understand', async () => {
    const root = await issueGatewayCertificate(selfIssuance);
    const told = await issueGatewayCertificate({ ...issuanceBy(root), isOfEstablished: true });
    const untold = await issueGatewayCertificate(issuanceBy(root));
    assert.deepEqual([told.isOfEstablished, untold.isOfEstablished], [true, false]);
    assert.ok(!told.hasUnknownCriticalExtension);
    assert.ok(new X509Certificate(told.der).checkIssued(new X509Certificate(root.der)));
  });

  it('drops milliseconds', async () => {
    const certificate = await issueGatewayCertificate({
      ...selfIssuance,
      notBefore: new Date('2026-01-01T00:00:00.999Z'),
      notAfter: new Date('2026-06-01T00:00:00.001Z'),
    });
    assert.deepEqual(certificate.notBefore, notBefore);
    assert.deepEqual(certificate.notAfter, notAfter);
  });

  it('writes dates before and from 2050 on as X.509 asks for', async () => {
    const certificate = await issueGatewayCertificate({
      ...selfIssuance,
      notBefore: new Date('2049-12-31T23:59:59Z'),
      notAfter: new Date('2050-01-01T00:00:00Z'),
    });
    assert.ok(certificate.der.includes(0x18));
    const x509 = new X509Certificate(certificate.der);
    assert.equal(x509.validFromDate.toISOString(), '2049-12-31T23:59:59.000Z');
    assert.equal(x509.validToDate.toISOString(), '2050-01-01T00:00:00.000Z');
    assert.deepEqual(certificate.notAfter, new Date('2050-01-01T00:00:00Z'));
  });

  it('numbers certificates unpredictably, with 16 octets that stand for a positive number', async () => {
    const certificates = await Promise.all(
      Array.from({ length: 20 }, () => issueGatewayCertificate(selfIssuance)),
    );
    const numbers = new Set(certificates.map(({ serialNumber }) => hexOf(serialNumber)));
    assert.equal(numbers.size, certificates.length);
    for (const { serialNumber } of certificates) {
      assert.equal(serialNumber.length, 16);
      assert.ok((serialNumber[0] ?? 0) < 0x80);
    }
  });
});

/** The algorithm's OID and the BIT STRING of a SubjectPublicKeyInfo. */
function partsOf(spki: Uint8Array): [Uint8Array, Uint8Array] {
  const reader = new DerReader(spki);
  reader.enter(TAG.sequence);
  reader.enter(TAG.sequence);
  const keyOid = reader.readElement(TAG.oid);
  ignoreElement(reader);
  reader.leave();
  return [keyOid, reader.readElement(TAG.bitString)];
}

function hexOf(octets: Uint8Array | null): string {
  return Buffer.from(octets ?? []).toString('hex');
}
