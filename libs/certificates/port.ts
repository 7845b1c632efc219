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
  /** A stable word, for logs; `docs/operations/certificates.md` says what to do about each. */
  readonly reason: CertificateFailureReason;
  /** A sentence for the operator: what is wrong, and what to do. */
  readonly detail: string;
}

/** Why a certificate could not be had. */
export const CERTIFICATE_FAILURE_REASONS = [
  'files',
  'clock',
  'dns',
  'unreachable',
  'wrong-answer',
  'challenge-port',
  'rate-limit',
  'refused',
  'authority-unavailable',
] as const;

/** One of {@link CERTIFICATE_FAILURE_REASONS}. */
export type CertificateFailureReason = (typeof CERTIFICATE_FAILURE_REASONS)[number];

/** Thrown by what reads or orders a certificate. */
export class CertificateError extends Error {
  readonly reason: CertificateFailureReason;
  /** How long to wait before asking again, as the authority said; null if it did not. */
  readonly retryAfterMs: number | null;
  /** Whether a certificate may have been issued all the same, which did not arrive here. */
  readonly mayBeIssued: boolean;

  constructor(
    reason: CertificateFailureReason,
    detail: string,
    { retryAfterMs = null, mayBeIssued = false, ...options }: CertificateErrorOptions = {},
  ) {
    super(detail, options);
    this.name = 'CertificateError';
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
    this.mayBeIssued = mayBeIssued;
  }
}

interface CertificateErrorOptions extends ErrorOptions {
  readonly retryAfterMs?: number | null;
  readonly mayBeIssued?: boolean;
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
