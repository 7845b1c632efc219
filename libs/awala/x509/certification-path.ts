import { isSameOctets } from '../der/octets.ts';
import { InvalidMessageError } from '../errors.ts';
import { MAX_PATH_CERTIFICATES, MAX_PATH_SIGNATURE_CHECKS } from '../limits.ts';
import type { NodeId } from '../node-id.ts';
import type { Certificate } from './certificate.ts';
import { isSignedBy } from './signature-algorithm.ts';
import { faultAt } from './validity.ts';

/** What to look for a certification path with. */
export interface PathSearch {
  /** When each certificate of the path must be valid. */
  readonly at: Date;
  /** Certificates that are trusted; a path ends at the first it meets. */
  readonly anchors: readonly Certificate[];
  /** Certificates of possible authorities in between, not trusted, in any order. */
  readonly intermediates: readonly Certificate[];
}

/**
 * Remembers which key was found to have signed a certificate, for as long as
 * that certificate object is in use elsewhere. A signature that was refused is
 * not remembered.
 */
export class IssuerLinks {
  readonly #issuerIds = new WeakMap<Certificate, NodeId>();

  /** Whether the issuer's key is already known to have signed `child`. */
  isKnown(child: Certificate, issuer: Certificate): boolean {
    return this.#issuerIds.get(child) === issuer.nodeId;
  }

  /**
   * Checks whether the issuer's key signed `child`; says nothing about whether the issuer may.
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
 * Looks for the path from `leaf` to an anchor, checking at most
 * {@link MAX_PATH_SIGNATURE_CHECKS} signatures that are not yet known.
 *
 * Each certificate of the path is valid at the time given and signed by the
 * next one's key; all but the first are authorities, within their path length.
 * One that outlives its issuer, or started before it, is accepted as long as
 * both are valid: nodes renew certificates for the same key, so that an
 * authorisation may meet an older or newer certificate of its issuer than the
 * one it was cut to.
 *
 * @returns leaf first, anchor last: two to {@link MAX_PATH_CERTIFICATES} certificates
 * @throws {InvalidMessageError} with the first obstacle met, or `untrusted-path` if there was none
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

/** One search: depth first, and never deeper than a path may be long, which ends loops too. */
class PathAttempt {
  /** The first certificate that would have been next if there were nothing wrong with it. */
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

  /** Whether `issuer` can stand after the certificates of `path`, except for what comes after it. */
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

/** Goes by what the certificates say; whether it is true is for the signature to show. */
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
