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

/** How a parcel's sender is authorised. */
export type ParcelPath = readonly [
  sender: Certificate,
  recipient: Certificate,
  privateGateway: Certificate,
  anchor: Certificate,
];

const MAX_CACHED_CERTIFICATES = 4096;

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

  /** @param options - `maxCachedCertificates` defaults to {@link MAX_CACHED_CERTIFICATES}, about 10 KiB each */
  constructor(options: { maxCachedCertificates?: number } = {}) {
    this.#certificates = new CertificateCache(
      options.maxCachedCertificates ?? MAX_CACHED_CERTIFICATES,
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
   * @returns the path: sender, recipient, …, anchor
   * @throws {InvalidMessageError} `wrong-recipient` if another node issued the sender's certificate
   */
  verifyAuthorised(message: RamfMessage, trust: Trust): readonly Certificate[] {
    return this.#believe(message, this.#authorisedPath(message, trust));
  }

  /**
   * Verifies a parcel for a private endpoint as {@link verifyAuthorised} does, and that the
   * recipient is behind a private gateway of ours.
   *
   * @throws {InvalidMessageError} `untrusted-path` if it is not
   * @see RS-002 "Parcel Delivery Authorization"
   */
  verifyParcel(parcel: RamfMessage, trust: Trust): ParcelPath {
    const path = this.#authorisedPath(parcel, trust);
    if (!isParcelPath(path)) {
      throw new InvalidMessageError('untrusted-path', 'Recipient is not behind a private gateway');
    }
    return this.#believe(parcel, path);
  }

  /**
   * Verifies a cargo or CCA that a private gateway sends to us as {@link verify}
   * does, that an anchor issued the sender's certificate, and that the recipient is the subject of an
   * anchor. The recipient's Internet address does not matter: its id is that of our key
   * (RS-000 "Addressing").
   *
   * Deployed gateways sign these under the certificate that we issued, which
   * proves that they are registered; RS-002 has them sign under one that they
   * issued to themselves, which is refused.
   *
   * @throws {InvalidMessageError} `untrusted-path` if no anchor issued the sender's certificate;
   *   `wrong-recipient`
   */
  verifyFromPrivateGateway(message: RamfMessage, trust: Trust): void {
    const { sender, recipient } = message;
    if (sender.isSelfIssued) {
      const what = message.type === 'cca' ? 'CCA' : message.type;
      throw new InvalidMessageError(
        'untrusted-path',
        `the sender of a ${what} must have a certificate by this gateway`,
      );
    }
    checkDates(message, trust.at);
    const path = this.#findPath(sender, { ...trust, intermediates: [] });
    message.signedData.verify();
    // Last, since only those who are registered here are told for whom a message is.
    if (!trust.anchors.some(({ nodeId }) => nodeId === recipient.id)) {
      throw new InvalidMessageError('wrong-recipient', 'Message is for another gateway');
    }
    this.#keep(path);
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

  /** From the sender over the recipient, who authorised it, to an anchor. */
  #authorisedPath(message: RamfMessage, trust: Trust): readonly Certificate[] {
    checkDates(message, trust.at);
    const intermediates = message.attachedCertificates;
    const path = this.#findPath(message.sender, { ...trust, intermediates });
    if (path[1]?.nodeId !== message.recipient.id) {
      throw new InvalidMessageError('wrong-recipient', 'Recipient did not authorise the sender');
    }
    return path;
  }

  #believe<Path extends readonly Certificate[]>(message: RamfMessage, path: Path): Path {
    message.signedData.verify();
    this.#keep(path);
    return path;
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

function isParcelPath(path: readonly Certificate[]): path is ParcelPath {
  return path.length === 4;
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
