import { randomBytes } from 'node:crypto';
import { MalformedMessageError } from '../errors.ts';
import { nodeIdOfKey } from '../node-id.ts';
import { Certificate } from './certificate.ts';
import type { Sign } from './rsa-pss.ts';

/** What to certify, and by whom. */
export interface IssuanceOptions {
  /** DER SubjectPublicKeyInfo of the subject. */
  readonly subjectKey: Uint8Array;
  /** Null for a self-issued certificate. */
  readonly issuer: Certificate | null;
  /** DER SubjectPublicKeyInfo of the issuer: the subject's key if `issuer` is null. */
  readonly issuerKey: Uint8Array;
  /** Signs with the issuer's key. */
  readonly sign: Sign;
  /** First second of the validity; milliseconds are dropped. */
  readonly notBefore: Date;
  /** Last second of the validity; the issuer's own end may shorten it. */
  readonly notAfter: Date;
  /** As {@link Certificate.isOfEstablished}; false by default. */
  readonly isOfEstablished?: boolean;
}

/** In `pathLength`, null makes an end-entity certificate, without the CA flag. */
interface Profile {
  readonly pathLength: number | null;
}

const SERIAL_NUMBER_OCTETS = 16;

/**
 * Issues a gateway's certificate: path length 2 if self-issued, else 1.
 *
 * @throws {RangeError} if the validity ends before it starts, also because the issuer's ends
 * @throws {TypeError} if `issuerKey` is not the issuer's
 * @throws {MalformedMessageError} if `subjectKey` is not DER throughout
 * @see RS-002 "Gateway Certificate"
 */
export function issueGatewayCertificate(options: IssuanceOptions): Promise<Certificate> {
  return issue(options, { pathLength: options.issuer ? 1 : 2 });
}

/**
 * Issues an endpoint's certificate: path length 0.
 *
 * @throws as {@link issueGatewayCertificate}
 */
export function issueEndpointCertificate(options: IssuanceOptions): Promise<Certificate> {
  return issue(options, { pathLength: 0 });
}

/**
 * Issues an authorisation to send parcels (PDA) or cargo (CDA) to the issuer: not a CA.
 *
 * @throws as {@link issueGatewayCertificate}
 */
export function issueDeliveryAuthorization(options: IssuanceOptions): Promise<Certificate> {
  return issue(options, { pathLength: null });
}

async function issue(options: IssuanceOptions, profile: Profile): Promise<Certificate> {
  const { issuer, issuerKey, subjectKey, isOfEstablished = false } = options;
  if (Buffer.compare(issuerKey, issuer?.spki ?? subjectKey) !== 0) {
    throw new TypeError('the issuing key is not the one in the issuing certificate');
  }
  const contents = {
    ...profile,
    ...validity(options),
    serialNumber: serialNumber(),
    issuer: issuer?.subject ?? null,
    commonName: nodeIdOfKey(subjectKey),
    subjectKey,
    subjectKeyId: keyId(subjectKey),
    authorityKeyId: keyId(issuerKey),
    isOfEstablished,
  };
  const { writeCertificate } = await import('./certificate-writer.ts');
  const certificate = Certificate.parse(await writeCertificate(contents, options.sign));
  if (Buffer.compare(certificate.spki, subjectKey) !== 0) {
    throw new MalformedMessageError('Key to certify is not in DER');
  }
  return certificate;
}

/** Random, positive and of constant length. */
function serialNumber(): Uint8Array {
  const octets = randomBytes(SERIAL_NUMBER_OCTETS);
  octets[0] = ((octets[0] ?? 0) & 0x7f) | 0x40;
  return octets;
}

function validity({ issuer, notBefore, notAfter }: IssuanceOptions) {
  const startMs = wholeSecondsOf(notBefore);
  const endMs = Math.min(wholeSecondsOf(notAfter), issuer?.notAfter.getTime() ?? Number.MAX_VALUE);
  const validity = { notBefore: new Date(startMs), notAfter: new Date(endMs) };
  if (endMs < startMs) {
    throw new RangeError(
      `a certificate cannot start at ${validity.notBefore.toISOString()} and end at ${validity.notAfter.toISOString()}`,
    );
  }
  return validity;
}

/** @returns milliseconds */
function wholeSecondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1_000) * 1_000;
}

/** SHA-256 of the key: a node id without its leading zero. */
function keyId(key: Uint8Array): Uint8Array {
  return Buffer.from(nodeIdOfKey(key).slice(1), 'hex');
}
