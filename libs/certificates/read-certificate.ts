import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { CertificateError, type TlsCertificate } from './port.ts';

/** PEM files of certificates and keys; a chain of RSA-4096 certificates has some 10 KiB. */
export const LARGEST_PEM_OCTETS = 65_536;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Reads a private key and its certificate, and checks that clients of `name` can use them.
 *
 * @throws {CertificateError} `files`, if they do not belong together, the certificate is for other
 * names, or no server can show them, such as when the issuers' certificates are damaged
 */
export function readCertificate(
  pem: { readonly chain: string; readonly key: string },
  name: string,
): TlsCertificate {
  const [first] = pem.chain.match(CERTIFICATE) ?? [];
  if (first === undefined) {
    throw new CertificateError('files', 'there is no certificate in PEM');
  }
  const certificate = parsed('the certificate cannot be read', () => new X509Certificate(first));
  const key = parsed('the private key cannot be read: it must be PEM, and not encrypted', () =>
    createPrivateKey(pem.key),
  );
  if (!certificate.checkPrivateKey(key)) {
    throw new CertificateError('files', 'the private key is not that of the first certificate');
  }
  if (certificate.checkHost(name) === undefined) {
    const names = certificate.subjectAltName ?? 'no name';
    throw new CertificateError('files', `the certificate is for ${names}, and not for ${name}`);
  }
  parsed('the key and the certificates cannot be shown by a server', () =>
    createSecureContext({ cert: pem.chain, key: pem.key }),
  );
  const { validFromDate, validToDate } = certificate;
  return { ...pem, validFrom: validFromDate, expiresAt: validToDate };
}

function parsed<Result>(complaint: string, parse: () => Result): Result {
  try {
    return parse();
  } catch (cause) {
    throw new CertificateError('files', complaint, { cause });
  }
}
