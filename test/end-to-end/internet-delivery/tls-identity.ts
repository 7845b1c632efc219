import { webcrypto } from 'node:crypto';
import { Utf8String } from 'asn1js';
import {
  AttributeTypeAndValue,
  BasicConstraints,
  Certificate,
  Extension,
  GeneralName,
  GeneralNames,
} from 'pkijs';

/** A key and the certificate that it signed itself, in PEM. */
export interface TlsIdentity {
  readonly privateKey: string;
  readonly certificate: string;
}

const COMMON_NAME = '2.5.4.3';
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';
const DNS_NAME = 2;
const DAY_MS = 86_400_000;

/** Makes an identity for a TLS server that is reached under `host`, by default valid now. */
export async function makeTlsIdentity(
  host: string,
  validity: { readonly notBefore?: Date; readonly notAfter?: Date } = {},
): Promise<TlsIdentity> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = new Certificate({ version: 2 });
  certificate.serialNumber.valueBlock.valueDec = 1;
  for (const name of [certificate.subject, certificate.issuer]) {
    const value = new Utf8String({ value: host });
    name.typesAndValues.push(new AttributeTypeAndValue({ type: COMMON_NAME, value }));
  }
  certificate.notBefore.value = validity.notBefore ?? new Date(Date.now() - DAY_MS);
  certificate.notAfter.value = validity.notAfter ?? new Date(Date.now() + DAY_MS);
  const names = new GeneralNames({ names: [new GeneralName({ type: DNS_NAME, value: host })] });
  certificate.extensions = [
    extension(SUBJECT_ALTERNATIVE_NAME, names),
    extension(BASIC_CONSTRAINTS, new BasicConstraints({ cA: true })),
  ];
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
  await certificate.sign(keys.privateKey, 'SHA-256');
  return {
    privateKey: pem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)),
    certificate: pem('CERTIFICATE', certificate.toSchema(true).toBER()),
  };
}

function extension(extnID: string, value: GeneralNames | BasicConstraints): Extension {
  return new Extension({ extnID, extnValue: value.toSchema().toBER(), parsedValue: value });
}

function pem(label: string, der: ArrayBuffer): string {
  const base64 = Buffer.from(der).toString('base64').replaceAll(/.{64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}
