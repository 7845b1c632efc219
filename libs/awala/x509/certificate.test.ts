import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { before, describe, it } from 'node:test';
import {
  type CertificateTemplate,
  craftCertificateDer,
  extension,
} from '#test/builders/crafted-certificates.ts';
import { type Identity, identity, validAround } from '#test/builders/peers.ts';
import { OIDS, oid } from '../der/oids.ts';
import { TAG } from '../der/reader.ts';
import { integer, octetString, sequence } from '../der/writer.ts';
import { MalformedMessageError } from '../errors.ts';
import { MAX_CERTIFICATE_OCTETS } from '../limits.ts';
import { nodeIdOfKey } from '../node-id.ts';
import { Certificate } from './certificate.ts';

const validity = validAround(new Date('2026-03-01T12:00:00Z'));
let subject: Identity;
let issuer: Identity;

before(() => {
  subject = identity('subject');
  issuer = identity('issuer');
});

function craft(template: Partial<CertificateTemplate> = {}): Uint8Array {
  return craftCertificateDer({ ...validity, subject, issuer, ...template });
}

describe('A certificate', () => {
  it('says who its subject is and how long it is valid', () => {
    const certificate = Certificate.parse(craft());

    assert.equal(certificate.nodeId, subject.nodeId);
    assert.equal(certificate.commonName, subject.nodeId);
    assert.equal(certificate.issuerCommonName, issuer.nodeId);
    assert.deepEqual(certificate.notBefore, validity.notBefore);
    assert.deepEqual(certificate.notAfter, validity.notAfter);
    assert.deepEqual(certificate.rsaKeySize, { modulusBits: 2048, exponent: 65_537 });
    assert.equal(certificate.publicKey.asymmetricKeyType, 'rsa');
  });

  it('says what its subject may issue', () => {
    const authority = Certificate.parse(craft({ isCa: true, pathLength: 1 }));
    assert.deepEqual([authority.isCa, authority.pathLength], [true, 1]);

    const leaf = Certificate.parse(craft({ basicConstraints: sequence() }));
    assert.deepEqual([leaf.isCa, leaf.pathLength], [false, null]);
  });

  it('says how much may be delivered under it', () => {
    const limit = extension(OIDS.deliveryRateLimit, false, sequence(integer(10), integer(86_400)));
    const { rateLimit } = Certificate.parse(craft({ moreExtensions: [limit] }));

    assert.deepEqual(rateLimit, { limit: 10, periodSeconds: 86_400 });
    assert.equal(Certificate.parse(craft()).rateLimit, null);
  });

  it('says whether it has a critical extension that we do not know', () => {
    const unknown = (isCritical: boolean) =>
      Certificate.parse(
        craft({ moreExtensions: [extension(oid('1.2.3'), isCritical, octetString())] }),
      );

    assert.equal(unknown(true).hasUnknownCriticalExtension, true);
    assert.equal(unknown(false).hasUnknownCriticalExtension, false);
  });

  it('may have its names in any string type', () => {
    for (const nameTag of [TAG.utf8String, TAG.printableString, TAG.bmpString]) {
      assert.equal(Certificate.parse(craft({ nameTag })).commonName, subject.nodeId);
    }
  });

  it('may have a key that is for RSA-PSS only, which is another key for the id', () => {
    const { publicKey } = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
    const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
    const certificate = Certificate.parse(craft({ spki }));

    assert.equal(certificate.rsaKeySize?.modulusBits, 2048);
    assert.equal(certificate.publicKey.asymmetricKeyType, 'rsa-pss');
    assert.equal(certificate.nodeId, nodeIdOfKey(spki));
  });

  it('may have a key that is not RSA, which no signature of Awala is by', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));

    assert.equal(Certificate.parse(craft({ spki })).rsaKeySize, null);
  });

  it('equals only the same octets', () => {
    const der = craft();
    const certificate = Certificate.parse(der);

    assert.equal(certificate.equals(Certificate.parse(der.slice())), true);
    assert.equal(certificate.equals(Certificate.parse(craft())), false);
  });
});

describe('A malformed certificate', () => {
  const isMalformed = (der: Uint8Array) =>
    assert.throws(() => Certificate.parse(der), MalformedMessageError);

  it('is not of X.509 version 3', () => {
    isMalformed(craft({ version: 1 }));
  });

  it('is too large', () => {
    const padding = octetString(Buffer.alloc(MAX_CERTIFICATE_OCTETS));
    isMalformed(craft({ moreExtensions: [extension(oid('1.2.3'), false, padding)] }));
  });

  it('repeats an extension, or has too many', () => {
    const extensions = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        extension(oid(`1.2.${index}`), false, octetString()),
      );
    Certificate.parse(craft({ moreExtensions: extensions(13) }));

    isMalformed(craft({ moreExtensions: extensions(14) }));
    isMalformed(craft({ moreExtensions: [...extensions(1), ...extensions(1)] }));
  });

  it('has an extension that is not what its id says', () => {
    isMalformed(craft({ basicConstraints: integer(1) }));
    isMalformed(craft({ basicConstraints: sequence(integer(1), integer(2)) }));
    const limit = extension(OIDS.deliveryRateLimit, false, sequence(integer(10)));
    isMalformed(craft({ moreExtensions: [limit] }));
  });

  it('has a key that is not one', () => {
    isMalformed(craft({ spki: new Uint8Array([0x30, 0]) }));
    const garbled = subject.spki.slice();
    garbled[garbled.length - 5] = 0x03;
    isMalformed(craft({ spki: garbled }));
  });

  it('names another signature algorithm inside than outside', () => {
    const der = Buffer.from(craft());
    const outer = der.lastIndexOf(Buffer.from(OIDS.rsaPss.content));
    der[outer + OIDS.rsaPss.content.length - 1] = 11;
    isMalformed(der);
  });

  it('has trailing octets, or is cut off anywhere', () => {
    const der = craft();
    isMalformed(new Uint8Array([...der, 0]));
    for (let length = 0; length < der.length; length++) {
      isMalformed(der.subarray(0, length));
    }
  });
});
