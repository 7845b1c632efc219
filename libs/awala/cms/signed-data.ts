import { OIDS, type Oid } from '../der/oids.ts';
import { contextConstructed, DerReader, TAG } from '../der/reader.ts';
import { hexOf } from '../der/text.ts';
import { InvalidMessageError, MalformedMessageError } from '../errors.ts';
import { MAX_ATTACHED_CERTIFICATES } from '../limits.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { HashName } from '../x509/rsa-pss.ts';
import { isSignedBy, parseHashAlgorithm } from '../x509/signature-algorithm.ts';
import { SegmentedContent } from './segmented-content.ts';
import { readSignerInfo, type SignerInfo } from './signer-info.ts';

/** `version` fields in use: 1 for what RS-001 asks, 3 from libraries that round up. */
const VERSIONS: readonly number[] = [1, 3];

/**
 * A CMS SignedData with one signer, whose certificate is attached; parsed but not verified.
 *
 * Around the signed parts, BER is accepted, as RFC 5652 allows and JVM peers write: indefinite
 * lengths, segmented content. Certificates and signed parts must be DER.
 *
 * @see RS-001 "Format", RFC 5652 §5
 */
export class SignedData {
  /** The signed content; null for a detached signature. */
  readonly content: SegmentedContent | null;
  /** All attached certificates, in the message's order; not trusted. */
  readonly certificates: readonly Certificate[];
  readonly signer: Certificate;
  readonly #digestAlgorithm: Uint8Array;
  readonly #signerInfo: SignerInfo;

  private constructor(parts: SignedDataParts) {
    this.content = parts.content;
    this.certificates = parts.certificates;
    this.signer = findSigner(parts.certificates, parts.signerInfo);
    this.#digestAlgorithm = parts.digestAlgorithm;
    this.#signerInfo = parts.signerInfo;
  }

  /**
   * Keeps views of `octets`, which must not change afterwards.
   *
   * @param octets - a ContentInfo, and nothing else
   * @param parseCertificate - called for each certificate attached
   * @throws {MalformedMessageError} also if there is not exactly one signer, if the signer's
   *   certificate is missing, if there are revocation lists, or if the content is not plain data
   */
  static parse(octets: Uint8Array, parseCertificate: (der: Uint8Array) => Certificate): SignedData {
    const reader = new DerReader(octets);
    reader.enterBer(TAG.sequence);
    requireOid(reader, OIDS.signedData);
    reader.enterBer(contextConstructed(0));
    const parts = readSignedData(reader, parseCertificate);
    reader.leave();
    reader.leave();
    reader.finish();
    return new SignedData(parts);
  }

  /** The digest that the signer claims for the content; verifying proves it. */
  get contentDigest(): Uint8Array {
    return this.#signerInfo.messageDigest;
  }

  /**
   * Verifies that the signer signed the content, which must not be detached.
   *
   * @throws {InvalidMessageError} `signature` or `algorithm`
   */
  verify(): void {
    const { content } = this;
    if (!content) {
      throw new TypeError('Content is detached');
    }
    this.verifyDetached((algorithm) => content.digest(algorithm));
  }

  /**
   * Verifies that the signer signed detached content.
   *
   * @param digestOf - computes the content's digest, in hex; not called if the signature is bad
   * anyway
   * @throws {InvalidMessageError} `signature` or `algorithm`
   * @see RFC 5652 §5.4, §5.6
   */
  verifyDetached(digestOf: (algorithm: HashName) => string): void {
    const { digestAlgorithm, messageDigest, signedAttributes, signatureAlgorithm, signature } =
      this.#signerInfo;
    // JavaScript peers may digest with another hash than they sign with.
    const algorithm = parseHashAlgorithm(digestAlgorithm);
    if (parseHashAlgorithm(this.#digestAlgorithm) !== algorithm) {
      throw new InvalidMessageError('algorithm', 'Signer uses another hash than announced');
    }
    if (!isSignedBy(this.signer, signatureAlgorithm, signedAttributes, signature)) {
      throw new InvalidMessageError('signature', 'Signature is not by the key of the signer');
    }
    if (digestOf(algorithm) !== hexOf(messageDigest)) {
      throw new InvalidMessageError('signature', 'Signature is over a different content');
    }
  }
}

interface SignedDataParts {
  /** AlgorithmIdentifier. */
  readonly digestAlgorithm: Uint8Array;
  readonly content: SegmentedContent | null;
  readonly certificates: readonly Certificate[];
  readonly signerInfo: SignerInfo;
}

function readSignedData(
  reader: DerReader,
  parseCertificate: (der: Uint8Array) => Certificate,
): SignedDataParts {
  reader.enterBer(TAG.sequence);
  if (!VERSIONS.includes(reader.readSmallInteger())) {
    throw new MalformedMessageError('SignedData has an unknown version');
  }
  reader.enter(TAG.set);
  const digestAlgorithm = reader.readElement(TAG.sequence);
  reader.leave();
  const content = readEncapsulatedContent(reader);
  const certificates = readCertificates(reader, parseCertificate);
  reader.enter(TAG.set);
  const signerInfo = readSignerInfo(reader);
  reader.leave();
  reader.leave();
  return { digestAlgorithm, content, certificates, signerInfo };
}

function readEncapsulatedContent(reader: DerReader): SegmentedContent | null {
  reader.enterBer(TAG.sequence);
  requireOid(reader, OIDS.data);
  let content: SegmentedContent | null = null;
  if (!reader.isAtEnd) {
    reader.enterBer(contextConstructed(0));
    content = SegmentedContent.read(reader);
    reader.leave();
  }
  reader.leave();
  return content;
}

function readCertificates(
  reader: DerReader,
  parseCertificate: (der: Uint8Array) => Certificate,
): readonly Certificate[] {
  const certificates: Certificate[] = [];
  reader.enterBer(contextConstructed(0));
  while (!reader.isAtEnd) {
    if (certificates.length === MAX_ATTACHED_CERTIFICATES) {
      throw new MalformedMessageError('SignedData has too many certificates');
    }
    certificates.push(parseCertificate(reader.readElement(TAG.sequence)));
  }
  reader.leave();
  return certificates;
}

function findSigner(certificates: readonly Certificate[], info: SignerInfo): Certificate {
  const signer = certificates.find(
    ({ issuer, serialNumber }) =>
      Buffer.compare(serialNumber, info.serialNumber) === 0 &&
      Buffer.compare(issuer, info.issuer) === 0,
  );
  if (!signer) {
    throw new MalformedMessageError('SignedData lacks the certificate of its signer');
  }
  return signer;
}

function requireOid(reader: DerReader, expected: Oid): void {
  if (!reader.readsAs(TAG.oid, expected.content)) {
    throw new MalformedMessageError(`Expected content of type ${expected.dotted}`);
  }
}
