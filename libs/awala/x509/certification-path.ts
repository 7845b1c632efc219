import { isSameOctets } from '../der/octets.ts';
import { InvalidMessageError } from '../errors.ts';
import { MAX_PATH_CERTIFICATES, MAX_PATH_SIGNATURE_CHECKS } from '../limits.ts';
import type { NodeId } from '../node-id.ts';
import type { Certificate } from './certificate.ts';
import { isSignedBy } from './signature-algorithm.ts';
import { faultAt } from './validity.ts';

/** Where and when to look for a certification path. */
export interface PathSearch {
  /** Each certificate of the path must be valid at this time. */
  readonly at: Date;
  /** Trusted certificates; a path ends at the first it reaches. */
  readonly anchors: readonly Certificate[];
  /** Certificates of possible authorities in between, untrusted, in any order. */
  readonly intermediates: readonly Certificate[];
}

/**
 * Remembers which key signed a certificate, while that certificate object is in use elsewhere. Does
 * not remember refused signatures.
 */
export class IssuerLinks {
  readonly #issuerIds = new WeakMap<Certificate, NodeId>();

  /** Whether the issuer's key is already known to have signed `child`. */
  isKnown(child: Certificate, issuer: Certificate): boolean {
    return this.#issuerIds.get(child) === issuer.nodeId;
  }

  /**
   * Whether the issuer's key signed `child`; not whether it was entitled to.
   *
   * @throws {InvalidMessageError} `algorithm`
   */
  check(child: Certificate, issuer: Certificate): boolean {
    const isSigned = isSignedBy(issuer, child.signatureAlgorithm, child.tbs, child.signature);
    if (isSigned) {
      this.#issuerIds.set(child, issuer.nodeId);
    }
    return isSigned;
  }
}

/**
 * Finds the path from `leaf` to an anchor, checking at most {@link MAX_PATH_SIGNATURE_CHECKS}
 * signatures that are not yet known.
 *
 * Each certificate is valid at the time given and signed by the next one's key; all but the first
 * are authorities, within their path length. A certificate may outlive its issuer or start before
 * it, as long as both are valid: nodes renew certificates for the same key, so an authorisation may
 * meet an older or newer certificate of its issuer.
 *
 * @returns leaf first, anchor last: two to {@link MAX_PATH_CERTIFICATES} certificates
 * @throws {InvalidMessageError} the first obstacle found, or `untrusted-path` if there was none
 * @see RS-002, RFC 5280 §6
 */
export function findCertificationPath(
  leaf: Certificate,
  search: PathSearch,
  links: IssuerLinks,
): readonly Certificate[] {
  const fault = faultAt(leaf, search.at);
  if (fault) {
    throw fault;
  }
  const attempt = new PathAttempt(search, links);
  const path = attempt.extend([leaf]);
  if (!path) {
    throw attempt.obstacle ?? untrusted('No certification path leads to a trusted certificate');
  }
  return path;
}

/** One search: depth first, and no deeper than a path may be long, which also ends loops. */
class PathAttempt {
  /** The first fault of a certificate that could otherwise have continued the path. */
  obstacle: InvalidMessageError | null = null;
  readonly #search: PathSearch;
  readonly #links: IssuerLinks;
  #signatureChecks = 0;

  constructor(search: PathSearch, links: IssuerLinks) {
    this.#search = search;
    this.#links = links;
  }

  extend(path: readonly Certificate[]): readonly Certificate[] | null {
    const anchor = this.#search.anchors.find((candidate) => this.#continues(path, candidate));
    if (anchor) {
      return [...path, anchor];
    }
    for (const candidate of this.#search.intermediates) {
      if (!this.#continues(path, candidate)) {
        continue;
      }
      if (path.length + 2 > MAX_PATH_CERTIFICATES) {
        this.obstacle ??= untrusted('Certification path is too long');
        continue;
      }
      const found = this.extend([...path, candidate]);
      if (found) {
        return found;
      }
    }
    return null;
  }

  /** Whether `issuer` can follow the certificates of `path`. */
  #continues(path: readonly Certificate[], issuer: Certificate): boolean {
    const child = path.at(-1);
    if (!child || !namesAsIssuer(child, issuer)) {
      return false;
    }
    const fault = faultAt(issuer, this.#search.at) ?? faultAsAuthority(issuer, path.length - 1);
    if (fault) {
      this.obstacle ??= fault;
      return false;
    }
    return this.#links.isKnown(child, issuer) || this.#checkSignature(child, issuer);
  }

  #checkSignature(child: Certificate, issuer: Certificate): boolean {
    if (this.#signatureChecks === MAX_PATH_SIGNATURE_CHECKS) {
      throw untrusted('Finding a certification path takes too many signature checks');
    }
    this.#signatureChecks++;
    try {
      return this.#links.check(child, issuer);
    } catch (error) {
      if (!(error instanceof InvalidMessageError)) {
        throw error;
      }
      this.obstacle ??= error;
      return false;
    }
  }
}

/** Goes by what the certificates say; the signature proves it. */
function namesAsIssuer(child: Certificate, issuer: Certificate): boolean {
  if (child.issuerCommonName !== issuer.commonName) {
    return false;
  }
  const { authorityKeyId } = child;
  const { subjectKeyId } = issuer;
  return (
    authorityKeyId === null || subjectKeyId === null || isSameOctets(authorityKeyId, subjectKeyId)
  );
}

/** @param authoritiesBelow - how many stand between the certificate and the leaf */
function faultAsAuthority(
  { isCa, pathLength }: Certificate,
  authoritiesBelow: number,
): InvalidMessageError | null {
  if (!isCa) {
    return new InvalidMessageError('certificate', 'Issuer is not a certificate authority');
  }
  if (pathLength !== null && pathLength < authoritiesBelow) {
    return new InvalidMessageError('certificate', 'Certification path is longer than allowed');
  }
  return null;
}

function untrusted(message: string): InvalidMessageError {
  return new InvalidMessageError('untrusted-path', message);
}
