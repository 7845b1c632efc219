import { createPublicKey, type KeyObject } from 'node:crypto';
import { contextConstructed, DerReader, TAG } from '../der/reader.ts';
import { parseCertificateTime } from '../der/time.ts';
import { MalformedMessageError } from '../errors.ts';
import { MAX_CERTIFICATE_OCTETS } from '../limits.ts';
import { type NodeId, nodeIdOfKey } from '../node-id.ts';
import {
  type DeliveryRateLimit,
  type Extensions,
  noExtensions,
  readExtensions,
} from './extensions.ts';
import { commonNameOf } from './name.ts';
import { type RsaKeySize, rsaKeySizeOf } from './public-key.ts';

/** The `version` field of an X.509 v3 certificate. */
const V3 = 2;

const MAX_SERIAL_NUMBER_OCTETS = 20;

/** The parts of a certificate as they stand in its DER. */
interface CertificateParts {
  /** What the issuer signed. */
  readonly tbs: Uint8Array;
  /** AlgorithmIdentifier of the issuer's signature. */
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
  /** Content octets of an INTEGER. */
  readonly serialNumber: Uint8Array;
  /** DER Name. */
  readonly issuer: Uint8Array;
  readonly issuerCommonName: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** DER Name. */
  readonly subject: Uint8Array;
  readonly commonName: string;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** Null if the key is not an RSA key. */
  readonly rsaKeySize: RsaKeySize | null;
  readonly extensions: Extensions;
}

/**
 * An X.509 certificate of the Awala PKI, parsed but not verified in any way.
 *
 * Who its subject is follows from the subject's key; the names are only hints
 * for finding issuers.
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
   *   {@link MAX_CERTIFICATE_OCTETS}, whose names consist of one common name each
   */
  static parse(der: Uint8Array): Certificate {
    if (der.length > MAX_CERTIFICATE_OCTETS) {
      throw new MalformedMessageError(
        `Certificate spans more than ${MAX_CERTIFICATE_OCTETS} octets`,
      );
    }
    return new Certificate(der, parseParts(der));
  }

  /** The subject's id, which is that of its key. */
  get nodeId(): NodeId {
    this.#nodeId ??= nodeIdOfKey(this.#parts.spki);
    return this.#nodeId;
  }

  /** The subject's key as a DER SubjectPublicKeyInfo. */
  get spki(): Uint8Array {
    return this.#parts.spki;
  }

  /**
   * The subject's key, ready for use.
   *
   * @throws {MalformedMessageError} if it is no key that can be used
   */
  get publicKey(): KeyObject {
    this.#publicKey ??= importKey(this.#parts.spki);
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

  /** How many more authorities may stand between this one and the leaf; null if not limited. */
  get pathLength(): number | null {
    return this.#parts.extensions.pathLength;
  }

  /** How much may be delivered under this certificate; null if not limited. */
  get rateLimit(): DeliveryRateLimit | null {
    return this.#parts.extensions.rateLimit;
  }

  /** Whether there is an extension that we do not know and that must not be ignored. */
  get hasUnknownCriticalExtension(): boolean {
    return this.#parts.extensions.hasUnknownCritical;
  }

  /** Id of the issuer's key, as the issuer put it; null if it did not. */
  get authorityKeyId(): Uint8Array | null {
    return this.#parts.extensions.authorityKeyId;
  }

  get subjectKeyId(): Uint8Array | null {
    return this.#parts.extensions.subjectKeyId;
  }

  /** Content octets of the INTEGER that tells apart the certificates of one issuer. */
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

  /** What the subject calls itself, which need not be its node id. */
  get commonName(): string {
    return this.#parts.commonName;
  }

  /** What the issuer calls itself; only a hint at who it is. */
  get issuerCommonName(): string {
    return this.#parts.issuerCommonName;
  }

  /** The octets that {@link signature} is over. */
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

function parseParts(der: Uint8Array): CertificateParts {
  const reader = new DerReader(der);
  reader.enter(TAG.sequence);
  const tbs = reader.readElement(TAG.sequence);
  const signatureAlgorithm = reader.readElement(TAG.sequence);
  const signature = reader.readBitString();
  reader.leave();
  reader.finish();
  return { tbs, signatureAlgorithm, signature, ...parseTbs(tbs, signatureAlgorithm) };
}

/** RFC 5280 §4.1.2; the unique identifiers that nobody uses are not taken. */
function parseTbs(tbs: Uint8Array, signatureAlgorithm: Uint8Array) {
  const reader = new DerReader(tbs);
  reader.enter(TAG.sequence);
  reader.enter(contextConstructed(0));
  const version = reader.readSmallInteger();
  reader.leave();
  const serialNumber = reader.read(TAG.integer);
  const innerAlgorithm = reader.readElement(TAG.sequence);
  const issuer = reader.readElement(TAG.sequence);
  reader.enter(TAG.sequence);
  const notBefore = readTime(reader);
  const notAfter = readTime(reader);
  reader.leave();
  const subject = reader.readElement(TAG.sequence);
  const spki = reader.readElement(TAG.sequence);
  const extensions = readOptionalExtensions(reader);
  reader.leave();
  if (version !== V3) {
    throw new MalformedMessageError('Certificate is not of X.509 version 3');
  }
  if (serialNumber.length < 1 || serialNumber.length > MAX_SERIAL_NUMBER_OCTETS) {
    throw new MalformedMessageError('Serial number is empty or too long');
  }
  if (Buffer.compare(innerAlgorithm, signatureAlgorithm) !== 0) {
    throw new MalformedMessageError('Certificate names two different signature algorithms');
  }
  return {
    serialNumber,
    issuer,
    issuerCommonName: commonNameOf(issuer),
    notBefore,
    notAfter,
    subject,
    commonName: commonNameOf(subject),
    spki,
    rsaKeySize: rsaKeySizeOf(spki),
    extensions,
  };
}

function readTime(reader: DerReader): Date {
  const tag = reader.isNext(TAG.utcTime) ? TAG.utcTime : TAG.generalizedTime;
  return parseCertificateTime(reader.read(tag));
}

function readOptionalExtensions(reader: DerReader): Extensions {
  if (reader.isAtEnd) {
    return noExtensions();
  }
  reader.enter(contextConstructed(3));
  const extensions = readExtensions(reader);
  reader.leave();
  return extensions;
}

function importKey(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new MalformedMessageError('Certificate has a public key that cannot be used', { cause });
  }
}
