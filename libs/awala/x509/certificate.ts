import type { KeyObject } from 'node:crypto';
import { MalformedMessageError } from '../errors.ts';
import { MAX_CERTIFICATE_OCTETS } from '../limits.ts';
import { type NodeId, nodeIdOfKey } from '../node-id.ts';
import { type CertificateParts, parseCertificateParts } from './certificate-parts.ts';
import type { DeliveryRateLimit } from './extensions.ts';
import { importPublicKey, type RsaKeySize } from './public-key.ts';

/**
 * An X.509 certificate of the Awala PKI, parsed but not verified.
 *
 * A subject is identified by its key; names are only hints for finding issuers.
 *
 * @see RS-002, RFC 5280
 */
export class Certificate {
  /** The whole certificate. Certificates are equal if these octets are. */
  readonly der: Uint8Array;
  readonly #parts: CertificateParts;
  #nodeId: NodeId | undefined;
  #publicKey: KeyObject | undefined;

  private constructor(der: Uint8Array, parts: CertificateParts) {
    this.der = der;
    this.#parts = parts;
  }

  /**
   * Keeps views of `der`, which must not change afterwards.
   *
   * @throws {MalformedMessageError} unless `der` is one X.509 v3 certificate in DER of at most
   * {@link MAX_CERTIFICATE_OCTETS}, with one common name for each of issuer and subject
   */
  static parse(der: Uint8Array): Certificate {
    if (der.length > MAX_CERTIFICATE_OCTETS) {
      throw new MalformedMessageError(
        `Certificate spans more than ${MAX_CERTIFICATE_OCTETS} octets`,
      );
    }
    return new Certificate(der, parseCertificateParts(der));
  }

  /** Id of the subject, which is that of its key. */
  get nodeId(): NodeId {
    this.#nodeId ??= nodeIdOfKey(this.#parts.spki);
    return this.#nodeId;
  }

  /** The subject's key as a DER SubjectPublicKeyInfo. */
  get spki(): Uint8Array {
    return this.#parts.spki;
  }

  /**
   * The subject's key, imported.
   *
   * @throws {MalformedMessageError} if the key cannot be used
   */
  get publicKey(): KeyObject {
    this.#publicKey ??= importPublicKey(this.#parts.spki);
    return this.#publicKey;
  }

  /** Null if the subject's key is not an RSA key. */
  get rsaKeySize(): RsaKeySize | null {
    return this.#parts.rsaKeySize;
  }

  get notBefore(): Date {
    return this.#parts.notBefore;
  }

  /** The last second at which the certificate is valid. */
  get notAfter(): Date {
    return this.#parts.notAfter;
  }

  /** Whether the subject may issue certificates. */
  get isCa(): boolean {
    return this.#parts.extensions.isCa;
  }

  /** How many more authorities may stand between this one and the leaf; null for no limit. */
  get pathLength(): number | null {
    return this.#parts.extensions.pathLength;
  }

  /** Limit on deliveries under this certificate; null for none. */
  get rateLimit(): DeliveryRateLimit | null {
    return this.#parts.extensions.rateLimit;
  }

  /** Whether its issuer says that the subject was a private gateway of its own for long before. */
  get isOfEstablished(): boolean {
    return this.#parts.extensions.isOfEstablished;
  }

  /** Whether it has a critical extension that we do not know. */
  get hasUnknownCriticalExtension(): boolean {
    return this.#parts.extensions.hasUnknownCritical;
  }

  /** Id of the issuer's key, if the issuer stated it. */
  get authorityKeyId(): Uint8Array | null {
    return this.#parts.extensions.authorityKeyId;
  }

  get subjectKeyId(): Uint8Array | null {
    return this.#parts.extensions.subjectKeyId;
  }

  /** Content octets of the serial number, an INTEGER unique per issuer. */
  get serialNumber(): Uint8Array {
    return this.#parts.serialNumber;
  }

  /** The issuer's DER Name. */
  get issuer(): Uint8Array {
    return this.#parts.issuer;
  }

  /** The subject's DER Name. */
  get subject(): Uint8Array {
    return this.#parts.subject;
  }

  /** The subject's name for itself, not necessarily its node id. */
  get commonName(): string {
    return this.#parts.commonName;
  }

  /** The issuer's name for itself; only a hint. */
  get issuerCommonName(): string {
    return this.#parts.issuerCommonName;
  }

  /** Whether the issuer has the subject's name; only a hint. */
  get isSelfIssued(): boolean {
    return this.issuerCommonName === this.commonName;
  }

  /** The signed octets. */
  get tbs(): Uint8Array {
    return this.#parts.tbs;
  }

  get signature(): Uint8Array {
    return this.#parts.signature;
  }

  /** DER AlgorithmIdentifier of {@link signature}. */
  get signatureAlgorithm(): Uint8Array {
    return this.#parts.signatureAlgorithm;
  }

  /** Whether both are the same certificate, octet for octet. */
  equals(other: Certificate): boolean {
    return this === other || Buffer.compare(this.der, other.der) === 0;
  }
}
