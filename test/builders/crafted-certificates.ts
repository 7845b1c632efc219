/**
 * Certificates that no honest node would issue, to see them refused. Those that
 * nodes do issue are in peers.ts.
 */
import { constants, sign } from 'node:crypto';
import { OIDS, type Oid, oid } from '#awala/der/oids.ts';
import { TAG } from '#awala/der/reader.ts';
import {
  bitString,
  constructed,
  type DerPart,
  type DerValue,
  encodeDer,
  implicit,
  integer,
  NULL,
  objectIdentifier,
  octetString,
  sequence,
  set,
  tagged,
} from '#awala/der/writer.ts';
import { Certificate } from '#awala/x509/certificate.ts';
import type { Identity, Validity } from './peers.ts';

export type CraftedHash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

export interface CertificateTemplate extends Validity {
  readonly subject: Identity;
  readonly issuer: Identity;
  readonly isCa?: boolean;
  readonly pathLength?: number;
  /** The key that signs, if it is not the one that the certificate claims. */
  readonly signedBy?: Identity;
  readonly hash?: CraftedHash;
  /** String type of the names: BMPString if not given. */
  readonly nameTag?: number;
  readonly subjectName?: string;
  readonly issuerName?: string;
  /** Whole Extension values, after the usual three. */
  readonly moreExtensions?: readonly DerPart[];
  readonly basicConstraints?: DerPart;
  /** 2 stands for v3. */
  readonly version?: number;
  /** The subject's key, if it is not an identity's. */
  readonly spki?: Uint8Array;
}

const HASH_OIDS: Readonly<Record<CraftedHash, Oid>> = {
  sha1: oid('1.3.14.3.2.26'),
  sha256: OIDS.sha256,
  sha384: OIDS.sha384,
  sha512: OIDS.sha512,
};

const DIGEST_OCTETS: Readonly<Record<CraftedHash, number>> = {
  sha1: 20,
  sha256: 32,
  sha384: 48,
  sha512: 64,
};

/** DER of what {@link craftCertificate} makes, which need not be parseable. */
export function craftCertificateDer(template: CertificateTemplate): Uint8Array {
  const { subject, issuer, nameTag } = template;
  const algorithm = pssAlgorithm(template.hash ?? 'sha256');
  const tbs = encodeDer(
    sequence(
      constructed(0, integer(template.version ?? 2)),
      integer(Math.floor(Math.random() * 2 ** 40) + 2 ** 40),
      algorithm,
      name(template.issuerName ?? issuer.nodeId, nameTag),
      sequence(utcTime(template.notBefore), utcTime(template.notAfter)),
      name(template.subjectName ?? subject.nodeId, nameTag),
      template.spki ?? subject.spki,
      constructed(3, extensions(template)),
    ),
  );
  const signature = signPss(template.signedBy ?? issuer, tbs, template.hash ?? 'sha256');
  return encodeDer(sequence(tbs, algorithm, bitString(signature)));
}

export function craftCertificate(template: CertificateTemplate): Certificate {
  return Certificate.parse(craftCertificateDer(template));
}

export function extension(id: Oid, isCritical: boolean, value: DerPart): DerValue {
  const criticality = isCritical ? [booleanOf(true)] : [];
  return sequence(objectIdentifier(id), ...criticality, octetString(value));
}

/** A DER Name of one common name. */
function name(text: string, tag: number = TAG.bmpString): DerValue {
  const content =
    tag === TAG.bmpString ? Buffer.from(text, 'utf16le').swap16() : Buffer.from(text, 'utf8');
  return sequence(set(sequence(objectIdentifier(OIDS.commonName), tagged(tag, content))));
}

export function hashAlgorithm(hash: CraftedHash): DerValue {
  return sequence(objectIdentifier(HASH_OIDS[hash]), NULL);
}

export function pssAlgorithm(hash: CraftedHash): DerValue {
  return sequence(
    objectIdentifier(OIDS.rsaPss),
    sequence(
      constructed(0, hashAlgorithm(hash)),
      constructed(1, sequence(objectIdentifier(OIDS.mgf1), hashAlgorithm(hash))),
      constructed(2, integer(DIGEST_OCTETS[hash])),
    ),
  );
}

export function signPss({ privateKey }: Identity, data: Uint8Array, hash: CraftedHash): Uint8Array {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return sign(hash, data, { key: privateKey, padding, saltLength: DIGEST_OCTETS[hash] });
}

function extensions(template: CertificateTemplate): DerValue {
  const { subject, issuer, isCa = false, pathLength = 0 } = template;
  const constraints = template.basicConstraints ?? sequence(booleanOf(isCa), integer(pathLength));
  return sequence(
    extension(OIDS.basicConstraints, true, constraints),
    extension(OIDS.authorityKeyIdentifier, false, sequence(implicit(0, keyId(issuer)))),
    extension(OIDS.subjectKeyIdentifier, false, octetString(keyId(subject))),
    ...(template.moreExtensions ?? []),
  );
}

function keyId({ nodeId }: Identity): Uint8Array {
  return Buffer.from(nodeId.slice(1), 'hex');
}

function utcTime(date: Date): DerValue {
  return tagged(
    TAG.utcTime,
    Buffer.from(
      `${date
        .toISOString()
        .replace(/\..*|[-:T]/g, '')
        .slice(2)}Z`,
    ),
  );
}

function booleanOf(value: boolean): DerValue {
  return tagged(TAG.boolean, Uint8Array.of(value ? 0xff : 0));
}
