import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { craftCertificateDer } from '#test/builders/crafted-certificates.ts';
import { type Identity, identity, validAround } from '#test/builders/peers.ts';
import { CertificateCache } from './certificate-cache.ts';
import { MalformedMessageError } from './errors.ts';
import { MAX_CERTIFICATE_OCTETS } from './limits.ts';

const validity = validAround(new Date('2026-03-01T12:00:00Z'));
let subject: Identity;

before(() => {
  subject = identity('subject');
});

/** Another one each time, since the serial number is random. */
function der(): Uint8Array {
  return craftCertificateDer({ ...validity, subject, issuer: subject });
}

describe('A certificate cache', () => {
  it('finds what it was told to keep, and nothing else', () => {
    const cache = new CertificateCache(10);
    const [kept, other] = [der(), der()];
    const certificate = cache.parse(kept);
    cache.keep(certificate);

    assert.equal(cache.parse(kept.slice()), certificate);
    assert.notEqual(cache.parse(other), cache.parse(other));
    assert.equal(cache.size, 1);
  });

  it('is not misled by a certificate that ends like one that is kept', () => {
    const cache = new CertificateCache(10);
    const kept = der();
    const certificate = cache.parse(kept);
    cache.keep(certificate);
    const forged = kept.slice();
    forged[forged.length - 100] = (forged[forged.length - 100] ?? 0) ^ 1;

    assert.notEqual(cache.parse(forged), certificate);
    cache.forget(cache.parse(forged));
    assert.equal(cache.parse(kept), certificate);
  });

  it('shares no memory with the message that brought the certificate', () => {
    const octets = der();

    assert.notEqual(new CertificateCache(10).parse(octets).der.buffer, octets.buffer);
  });

  it('drops those that were not used for the longest time when it is full', () => {
    const cache = new CertificateCache(6);
    const popular = der();
    const certificate = cache.parse(popular);
    cache.keep(certificate);
    for (let count = 0; count < 50; count++) {
      cache.keep(cache.parse(der()));
      assert.equal(cache.parse(popular), certificate);
      assert.ok(cache.size <= 6);
    }
  });

  it('forgets what it is told to forget', () => {
    const cache = new CertificateCache(10);
    const octets = der();
    const certificate = cache.parse(octets);
    cache.keep(certificate);
    cache.keep(certificate);
    cache.forget(certificate);

    assert.equal(cache.size, 0);
    assert.notEqual(cache.parse(octets), certificate);
  });

  it('may be of no size', () => {
    const cache = new CertificateCache(0);
    cache.keep(cache.parse(der()));

    assert.equal(cache.size, 0);
  });

  it('does not even look at what is too large for a certificate', () => {
    const cache = new CertificateCache(10);
    const large = new Uint8Array(MAX_CERTIFICATE_OCTETS + 1);

    assert.throws(() => cache.parse(large), MalformedMessageError);
  });
});
