import { CertificateError, type CertificateFailureReason } from '../port.ts';

/** What an ACME server says is wrong (RFC 8555, section 6.7). */
export interface Problem {
  readonly type?: string;
  readonly detail?: string;
}

const URN = 'urn:ietf:params:acme:error:';
/** Quoted from servers, for the log and the operator. */
const MOST_DETAIL = 300;

const REASONS: Readonly<Record<string, CertificateFailureReason>> = {
  dns: 'dns',
  connection: 'unreachable',
  tls: 'unreachable',
  unauthorized: 'wrong-answer',
  incorrectResponse: 'wrong-answer',
  rateLimited: 'rate-limit',
  serverInternal: 'authority-unavailable',
};

/** What to do, as the end of a sentence. */
const ADVICE: Readonly<Record<CertificateFailureReason, string>> = {
  files: 'see to the files',
  clock: 'let NTP set this machine’s clock (timedatectl set-ntp true); the order follows by itself',
  dns: 'add the A and AAAA records of the name, and no others',
  unreachable:
    'port 80 of every address of the name must lead to this machine: see to its DNS records, firewall and router',
  'wrong-answer': 'somebody else answers for the name: its DNS records must lead to this machine',
  'challenge-port': 'stop what else uses the port',
  'rate-limit': 'wait; asking again does not help before then',
  refused: 'the authority does not issue for this name',
  'authority-unavailable': 'nothing; it is tried again',
};

/** The error for a problem. */
export function errorOf(
  { type = '', detail = 'no reason given' }: Problem,
  retryAfterMs: number | null = null,
): CertificateError {
  const known = REASONS[type.replace(URN, '')] ?? 'refused';
  const reason = /could not resolve|no valid (?:A|AAAA|IP)\b/i.test(detail) ? 'dns' : known;
  return certificateError(reason, `the authority says “${shown(detail)}”`, { retryAfterMs });
}

/**
 * A front of the authority, such as a balancer, had no answer from it: what was asked may be done all
 * the same.
 */
export class LostAnswerError extends CertificateError {
  constructor(status: number, retryAfterMs: number | null) {
    const happened = `the authority’s front answered ${status}`;
    super('authority-unavailable', `${happened}; ${ADVICE['authority-unavailable']}`, {
      retryAfterMs,
    });
  }
}

/** The error where the authority gave no answer, and why. */
export function unaskedError(
  error: unknown,
  options: { readonly mayBeIssued?: boolean } = {},
): CertificateError {
  const message = error instanceof Error ? error.message : String(error);
  const happened = `the authority cannot be asked (${message})`;
  return certificateError('authority-unavailable', happened, { ...options, cause: error });
}

/** The error for a reason, with what happened and what to do. */
export function certificateError(
  reason: CertificateFailureReason,
  happened: string,
  options?: ConstructorParameters<typeof CertificateError>[2],
): CertificateError {
  return new CertificateError(reason, `${happened}; ${ADVICE[reason]}`, options);
}

/** On one line, without what could upset a terminal. */
function shown(detail: string): string {
  const line = detail.replaceAll(/[\p{C}\s]+/gu, ' ');
  return line.length > MOST_DETAIL ? `${line.slice(0, MOST_DETAIL)}…` : line;
}
