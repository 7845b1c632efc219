import { latin1Of } from './der/text.ts';
import { MAX_CERTIFICATE_OCTETS } from './limits.ts';
import { Certificate } from './x509/certificate.ts';

/**
 * Keeps certificates that were found to be trustworthy, so that the next
 * message that brings them costs no parsing, no import of their keys and no
 * check of who signed them.
 *
 * Only what the caller {@link keep}s is held, and never more than the number
 * given: the least recently used half goes when it is full. The whole
 * certificate is the key, so nothing but the same octets is ever found.
 */
export class CertificateCache {
  readonly #maxPerGeneration: number;
  /** By the certificate's octets as characters: exact, and quicker than a cryptographic hash. */
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
   * Returns the certificate kept, or parses it.
   *
   * @returns a certificate that shares no memory with `der`, so that keeping it does not keep the message
   * @throws {MalformedMessageError}
   */
  parse(der: Uint8Array): Certificate {
    if (der.length > MAX_CERTIFICATE_OCTETS) {
      return Certificate.parse(der);
    }
    const key = latin1Of(der);
    const kept = this.#young.get(key);
    if (kept) {
      return kept;
    }
    const aging = this.#old.get(key);
    if (aging) {
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
    if (key !== undefined) {
      this.#young.delete(key);
      this.#old.delete(key);
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
