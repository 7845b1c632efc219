import { LRUCache } from 'lru-cache';
import { latin1Of } from './der/text.ts';
import { MAX_CERTIFICATE_OCTETS } from './limits.ts';
import { Certificate } from './x509/certificate.ts';

const KEY_OCTETS = 32;

/**
 * Caches trusted certificates, so that the next message with them costs no parsing, key import or
 * signature check.
 *
 * Holds only what the caller {@link keep}s. At the bound, the least recently used certificate is
 * dropped. A certificate is found by all its octets only.
 */
export class CertificateCache {
  /**
   * Keyed by the end of the certificate's signature, in which hardly two cached certificates agree.
   */
  readonly #kept: LRUCache<string, Certificate> | null;
  readonly #keys = new WeakMap<Certificate, string>();

  /** @param maxCertificates - 0 for none */
  constructor(maxCertificates: number) {
    this.#kept = maxCertificates > 0 ? new LRUCache({ max: maxCertificates }) : null;
  }

  get size(): number {
    return this.#kept?.size ?? 0;
  }

  /**
   * Returns the cached certificate, or parses it.
   *
   * @returns a certificate that shares no memory with `der`, so that keeping it does not keep the
   * message
   * @throws {MalformedMessageError}
   */
  parse(der: Uint8Array): Certificate {
    if (der.length > MAX_CERTIFICATE_OCTETS) {
      return Certificate.parse(der);
    }
    const key = latin1Of(der.subarray(-KEY_OCTETS));
    const kept = this.#kept?.get(key);
    if (kept && Buffer.compare(kept.der, der) === 0) {
      return kept;
    }
    const certificate = Certificate.parse(der.slice());
    this.#keys.set(certificate, key);
    return certificate;
  }

  /** @param certificate - one that {@link parse} returned; others are ignored */
  keep(certificate: Certificate): void {
    const key = this.#keys.get(certificate);
    if (key !== undefined) {
      this.#kept?.set(key, certificate);
    }
  }

  forget(certificate: Certificate): void {
    const key = this.#keys.get(certificate);
    if (key !== undefined && this.#kept?.peek(key) === certificate) {
      this.#kept.delete(key);
    }
  }
}
