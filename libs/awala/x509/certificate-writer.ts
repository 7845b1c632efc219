import { BitString, BmpString, Integer, Null, OctetString } from 'asn1js';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  Extension,
  PublicKeyInfo,
  RelativeDistinguishedNames,
  Time,
} from 'pkijs';
import { OIDS, type Oid } from '../der/oids.ts';
import { MalformedMessageError } from '../errors.ts';
import { RSA_PSS_SHA_256_ALGORITHM, type Sign } from './rsa-pss.ts';

/**
 * Writes certificates with pkijs.
 *
 * Import it only to issue a certificate: pkijs takes some 100 ms to load, and most services never
 * issue one.
 */

/** The contents of a certificate, before it is signed. */
interface CertificateContents {
  /** Content octets of a positive INTEGER. */
  readonly serialNumber: Uint8Array;
  /** DER Name of the issuer, or null if it is the subject itself. */
  readonly issuer: Uint8Array | null;
  /** Whole seconds. */
  readonly notBefore: Date;
  /** Whole seconds. */
  readonly notAfter: Date;
  /** The subject's only common name. */
  readonly commonName: string;
  /** DER SubjectPublicKeyInfo. */
  readonly subjectKey: Uint8Array;
  readonly subjectKeyId: Uint8Array;
  readonly authorityKeyId: Uint8Array;
  /** Null makes an end-entity certificate, without the CA flag. */
  readonly pathLength: number | null;
  readonly isOfEstablished: boolean;
}

const V3 = 2;
const UTC_TIME = 0;
const GENERALIZED_TIME = 1;
/** X.509 writes years from here on as GeneralizedTime (RFC 5280 §4.1.2.5). */
const FIRST_GENERALIZED_YEAR = 2050;

/**
 * Writes and signs a certificate.
 *
 * @returns the certificate in DER. Contents that are DER already are read and written again, and so
 * come out unchanged only if they are DER throughout
 * @throws {MalformedMessageError} if the subject's key is no SubjectPublicKeyInfo
 */
export async function writeCertificate(
  contents: CertificateContents,
  sign: Sign,
): Promise<Uint8Array> {
  const subject = nameOf(contents.commonName);
  const certificate = new Certificate({
    version: V3,
    serialNumber: new Integer({ valueHex: contents.serialNumber }),
    signature: AlgorithmIdentifier.fromBER(RSA_PSS_SHA_256_ALGORITHM),
    issuer: contents.issuer ? RelativeDistinguishedNames.fromBER(contents.issuer) : subject,
    notBefore: timeOf(contents.notBefore),
    notAfter: timeOf(contents.notAfter),
    subject,
    subjectPublicKeyInfo: keyOf(contents.subjectKey),
    extensions: extensionsOf(contents),
    signatureAlgorithm: AlgorithmIdentifier.fromBER(RSA_PSS_SHA_256_ALGORITHM),
  });
  certificate.tbsView = new Uint8Array(certificate.encodeTBS().toBER());
  const signature = await sign(certificate.tbsView);
  certificate.signatureValue = new BitString({ valueHex: signature });
  return new Uint8Array(certificate.toSchema(true).toBER());
}

function keyOf(spki: Uint8Array): PublicKeyInfo {
  try {
    return PublicKeyInfo.fromBER(spki);
  } catch (cause) {
    throw new MalformedMessageError('Key to certify is malformed', { cause });
  }
}

/** One common name, as a BMPString like the deployed peers'. */
function nameOf(commonName: string): RelativeDistinguishedNames {
  const value = new BmpString({ value: commonName });
  const type = OIDS.commonName.dotted;
  return new RelativeDistinguishedNames({
    typesAndValues: [new AttributeTypeAndValue({ type, value })],
  });
}

function timeOf(date: Date): Time {
  const isUtcTime = date.getUTCFullYear() < FIRST_GENERALIZED_YEAR;
  return new Time({ type: isUtcTime ? UTC_TIME : GENERALIZED_TIME, value: date });
}

/** @see RS-002 "General Constraints and Attributes" */
function extensionsOf({ pathLength, isOfEstablished, ...keyIds }: CertificateContents) {
  const constraints = pathLength === null ? {} : { cA: true, pathLenConstraint: pathLength };
  const authority = { keyIdentifier: new OctetString({ valueHex: keyIds.authorityKeyId }) };
  return [
    extension(OIDS.basicConstraints, new BasicConstraints(constraints).toSchema(), true),
    extension(OIDS.authorityKeyIdentifier, new AuthorityKeyIdentifier(authority).toSchema()),
    extension(OIDS.subjectKeyIdentifier, new OctetString({ valueHex: keyIds.subjectKeyId })),
    // Not critical, as nobody else need know it.
    ...(isOfEstablished ? [extension(OIDS.establishedGateway, new Null())] : []),
  ];
}

function extension(id: Oid, value: { toBER(): ArrayBuffer }, critical = false): Extension {
  return new Extension({ extnID: id.dotted, critical, extnValue: value.toBER() });
}
