import { createHash } from 'node:crypto';
import { CertificateCache } from './certificate-cache.ts';
import { boundToPurpose, type SignaturePurpose } from './cms/signature-purpose.ts';
import { SignedData } from './cms/signed-data.ts';
import { InvalidMessageError, MalformedMessageError } from './errors.ts';
import { CLOCK_DRIFT_TOLERANCE_MS } from './limits.ts';
import { type MessageType, parseMessage, type RamfMessage } from './ramf/message.ts';
import type { Certificate } from './x509/certificate.ts';
import { findCertificationPath, IssuerLinks, type PathSearch } from './x509/certification-path.ts';
import { faultAt } from './x509/validity.ts';

/**
 * When a message was received, and the trust anchors: all of our certificates that are still valid.
 */
export interface Trust {
  readonly at: Date;
  readonly anchors: readonly Certificate[];
}

/** Who sent a cargo or a CCA, and how far that is proven. */
export interface PrivateGatewaySender {
  readonly certificate: Certificate;
  /** Whether one of the anchors issued the certificate; if not, the gateway issued it to itself. */
  readonly isIssuedByAnchor: boolean;
}

/** Sender, private endpoint, private gateway and Internet gateway. */
const PARCEL_PATH_CERTIFICATES = 4;

const DEFAULT_MAX_CACHED_CERTIFICATES = 4096;

/**
 * Reads what peers sign, and decides whether to believe it.
 *
 * Caches certificates on paths to an anchor: parsed, with their keys and known issuers. One
 * verifier should therefore serve the whole process. Dates, authority and path length are checked
 * each time.
 *
 * @see RS-001 "Post-Deserialization Validation", RS-002, RS-016
 */
export class MessageVerifier {
  readonly #certificates: CertificateCache;
  readonly #links = new IssuerLinks();

  /** @param options - `maxCachedCertificates` defaults to 4 096, about 10 KiB each */
  constructor(options: { maxCachedCertificates?: number } = {}) {
    this.#certificates = new CertificateCache(
      options.maxCachedCertificates ?? DEFAULT_MAX_CACHED_CERTIFICATES,
    );
  }

  /** Certificates cached now. */
  get cachedCertificates(): number {
    return this.#certificates.size;
  }

  /**
   * Parses a message; verifies nothing.
   *
   * Keeps views of `octets`, which must not change afterwards.
   *
   * @throws {MalformedMessageError}
   */
  read(octets: Uint8Array, type: MessageType): RamfMessage {
    return parseMessage(asPlainView(octets), type, this.#parseCertificate);
  }

  /**
   * Verifies that the message is current, that its sender's certificate was valid when it was made
   * and is now, and that its sender signed it. The certificate may be self-issued.
   *
   * @throws {InvalidMessageError}
   */
  verify(message: RamfMessage, { at }: { readonly at: Date }): void {
    checkDates(message, at);
    const fault = faultAt(message.sender, at);
    if (fault) {
      throw fault;
    }
    message.signedData.verify();
  }

  /**
   * Verifies as {@link verify} does, and that the recipient authorised the sender: it issued the
   * sender's certificate, and a path leads on from it to an anchor.
   *
   * @returns the path: sender, recipient, …, anchor. For a parcel always four certificates, the
   * third being that of the recipient's private gateway
   * @throws {InvalidMessageError} `wrong-recipient` if another node issued the sender's certificate
   * @see RS-002 "Parcel Delivery Authorization"
   */
  verifyAuthorised(message: RamfMessage, trust: Trust): readonly Certificate[] {
    checkDates(message, trust.at);
    const path = this.#findPath(message.sender, {
      ...trust,
      intermediates: message.attachedCertificates,
    });
    if (path[1]?.nodeId !== message.recipient.id) {
      throw new InvalidMessageError('wrong-recipient', 'Recipient did not authorise the sender');
    }
    if (message.type === 'parcel' && path.length !== PARCEL_PATH_CERTIFICATES) {
      throw new InvalidMessageError('untrusted-path', 'Recipient is not behind a private gateway');
    }
    message.signedData.verify();
    this.#keep(path);
    return path;
  }

  /**
   * Verifies a cargo or CCA that a private gateway sends to us as {@link verify}
   * does, and then that the recipient is the subject of an anchor. The recipient's
   * Internet address does not matter: its id is that of our key (RS-000 "Addressing").
   *
   * Deployed gateways sign these under the certificate that we issued, which
   * proves that they are registered; RS-002 has them sign under one that they
   * issued to themselves. Then the caller must find out whether the key is registered.
   *
   * @throws {InvalidMessageError} `untrusted-path` if the certificate is neither
   */
  verifyFromPrivateGateway(message: RamfMessage, trust: Trust): PrivateGatewaySender {
    const { sender, recipient } = message;
    checkDates(message, trust.at);
    const isSelfIssued = sender.issuerCommonName === sender.commonName;
    const path = isSelfIssued
      ? this.#findPath(sender, { at: trust.at, anchors: [sender], intermediates: [] })
      : this.#findPath(sender, { ...trust, intermediates: [] });
    message.signedData.verify();
    // Last, since only those who are registered here are told for whom a message is.
    if (!trust.anchors.some(({ nodeId }) => nodeId === recipient.id)) {
      throw new InvalidMessageError('wrong-recipient', 'Message is for another gateway');
    }
    if (!isSelfIssued) {
      this.#keep(path);
    }
    return { certificate: sender, isIssuedByAnchor: !isSelfIssued };
  }

  /**
   * Verifies a detached signature by the subject of a certificate that an
   * anchor issued directly.
   *
   * @param signature - a SignedData without content
   * @param plaintext - what was signed, for `purpose`
   * @returns the certificate of the signer
   * @throws {MalformedMessageError} if `signature` is no such SignedData
   * @throws {InvalidMessageError} if it does not verify
   * @see RS-016
   */
  verifyDetached(
    signature: Uint8Array,
    plaintext: Uint8Array,
    purpose: SignaturePurpose,
    trust: Trust,
  ): Certificate {
    const signedData = SignedData.parse(asPlainView(signature), this.#parseCertificate);
    if (signedData.content) {
      throw new MalformedMessageError('Signature is not detached from its content');
    }
    const path = this.#findPath(signedData.signer, { ...trust, intermediates: [] });
    const [header, body] = boundToPurpose(plaintext, purpose);
    signedData.verifyDetached((algorithm) =>
      createHash(algorithm).update(header).update(body).digest('hex'),
    );
    this.#keep(path);
    return signedData.signer;
  }

  readonly #parseCertificate = (der: Uint8Array): Certificate => this.#certificates.parse(der);

  #findPath(leaf: Certificate, search: PathSearch): readonly Certificate[] {
    try {
      return findCertificationPath(leaf, search, this.#links);
    } catch (error) {
      this.#forgetExpired([leaf, ...search.intermediates], search.at);
      throw error;
    }
  }

  /** Caches all but the anchor, which belongs to the caller. */
  #keep(path: readonly Certificate[]): void {
    for (const certificate of path.slice(0, -1)) {
      this.#certificates.keep(certificate);
    }
  }

  #forgetExpired(certificates: readonly Certificate[], at: Date): void {
    for (const certificate of certificates) {
      if (certificate.notAfter < at) {
        this.#certificates.forget(certificate);
      }
    }
  }
}

/**
 * Checks that the message is current, and was made while its sender's
 * certificate was valid, give or take the clock drift tolerated.
 */
function checkDates({ createdAt, expiresAt, sender }: RamfMessage, at: Date): void {
  if (expiresAt < at) {
    throw new InvalidMessageError('expired', 'Message has expired');
  }
  const createdAtMs = createdAt.getTime();
  if (createdAtMs > at.getTime() + CLOCK_DRIFT_TOLERANCE_MS) {
    throw new InvalidMessageError('not-yet-valid', 'Message is dated in the future');
  }
  if (
    createdAtMs < sender.notBefore.getTime() - CLOCK_DRIFT_TOLERANCE_MS ||
    createdAtMs > sender.notAfter.getTime() + CLOCK_DRIFT_TOLERANCE_MS
  ) {
    throw new InvalidMessageError(
      'certificate',
      "Message is dated outside the period of its sender's certificate",
    );
  }
}

/** Makes the views handed out plain arrays even if a Buffer is given. */
function asPlainView(octets: Uint8Array): Uint8Array {
  return new Uint8Array(octets.buffer, octets.byteOffset, octets.byteLength);
}
