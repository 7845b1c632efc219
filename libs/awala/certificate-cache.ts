import { latin1Of } from './der/text.ts';
import { MAX_CERTIFICATE_OCTETS } from './limits.ts';
import { Certificate } from './x509/certificate.ts';

const KEY_OCTETS = 32;

/**
 * Caches trusted certificates, so that the next message with them costs no parsing, key import or
 * signature check.
 *
 * Holds only what the caller {@link keep}s, up to the number given; when full, it drops the least
 * recently used half. A certificate is found by all its octets only.
 */
export class CertificateCache {
  readonly #maxPerGeneration: number;
  /**
   * Keyed by the end of the certificate's signature, in which hardly two cached certificates agree.
   */
  #young = new Map<string, Certificate>();
  #old = new Map<string, Certificate>();

  readonly #keys = new WeakMap<Certificate, string>();

  /** @param maxCertificates - 0 for none */
  constructor(maxCertificates: number) {
    this.#maxPerGeneration = Math.floor(maxCertificates / 2);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
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
    const kept = this.#young.get(key);
    if (kept && Buffer.compare(kept.der, der) === 0) {
      return kept;
    }
    const aging = this.#old.get(key);
    if (aging && Buffer.compare(aging.der, der) === 0) {
      this.#old.delete(key);
      this.#add(key, aging);
      return aging;
    }
    const certificate = Certificate.parse(der.slice());
    this.#keys.set(certificate, key);
    return certificate;
  }

  /** @param certificate - one that {@link parse} returned; others are ignored */
  keep(certificate: Certificate): void {
    const key = this.#keys.get(certificate);
    if (key !== undefined && !this.#young.has(key)) {
      this.#old.delete(key);
      this.#add(key, certificate);
    }
  }

  forget(certificate: Certificate): void {
    const key = this.#keys.get(certificate);
    for (const generation of [this.#young, this.#old]) {
      if (key !== undefined && generation.get(key) === certificate) {
        generation.delete(key);
      }
    }
  }

  #add(key: string, certificate: Certificate): void {
    if (this.#maxPerGeneration === 0) {
      return;
    }
    if (this.#young.size >= this.#maxPerGeneration) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, certificate);
  }
}
