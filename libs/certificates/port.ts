/** A private key and its certificate, as a TLS server shows them. */
export interface TlsCertificate {
  /** The certificate, then those of its issuers, as PEM. */
  readonly chain: string;
  /** As PEM, not encrypted. */
  readonly key: string;
  readonly validFrom: Date;
  /** The first moment at which clients refuse it. */
  readonly expiresAt: Date;
}

/** Why there is no certificate, or none newer. */
export interface CertificateFailure {
  /** Attempts that failed in a row, this one included. */
  readonly failures: number;
  /** A stable word, for logs. */
  readonly reason: CertificateFailureReason;
  /** A sentence for the operator: what is wrong, and what to do. */
  readonly detail: string;
}

/** Why a certificate could not be had. */
type CertificateFailureReason = 'files';

/** Thrown by what reads or orders a certificate. */
export class CertificateError extends Error {
  readonly reason: CertificateFailureReason;

  constructor(reason: CertificateFailureReason, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'CertificateError';
    this.reason = reason;
  }
}

/**
 * Where a server's certificate comes from, now and whenever it is replaced.
 *
 * Keeps the certificate that it has for as long as there is no better one, even past its end. The
 * private key stays in this process and, for its user alone, in files.
 */
export interface Certificates extends AsyncDisposable {
  /** The newest that can be used; null while there was none. */
  readonly current: TlsCertificate | null;
  /** Why the latest attempt to get one failed; null if it succeeded, or none was made. */
  readonly failure: CertificateFailure | null;

  /**
   * Looks for a certificate, and from then on for newer ones, until disposed of. Call it once.
   *
   * @param onCertificate - called with each, the first one included
   * @throws {CertificateError} if what the operator named can never be used
   */
  start(onCertificate: (certificate: TlsCertificate) => void): Promise<void>;
}
