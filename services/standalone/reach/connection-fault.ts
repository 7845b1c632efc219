import type { PeerCertificate } from 'node:tls';
import { DeadlineError } from '#bounds/deadline.ts';
import { type ReachCause, ReachError } from './reach-error.ts';

/** The connection that failed. */
interface Attempted {
  readonly host: string;
  readonly port: number;
  readonly address: string;
}

interface Explanation {
  readonly reason: ReachCause;
  readonly says: (attempted: Attempted, error: Failure) => string;
  readonly remedy: (attempted: Attempted) => string;
}

interface Failure extends Error {
  readonly code?: unknown;
  /** The certificate that was refused for its names. */
  readonly cert?: PeerCertificate;
  /** What OpenSSL says, in a few words. */
  readonly reason?: unknown;
}

const CHAIN =
  'Get a certificate from a public authority such as Let’s Encrypt, and serve it with its intermediate ' +
  'certificates (fullchain.pem). If it is from an authority of your own, name that: --ca FILE.';

const REFUSED: Explanation = {
  reason: 'refused',
  says: ({ address, port }) => `${address} refuses connections on port ${port}`,
  remedy: ({ port }) =>
    `Check that the gateway, or the proxy before it, runs and listens on port ${port} of that address, ` +
    'and that the firewall forwards the port there.',
};
const TIMED_OUT: Explanation = {
  reason: 'timed-out',
  says: ({ address, port }) => `${address} does not answer on port ${port} in time`,
  remedy: ({ port, host }) =>
    `Open port ${port} in the firewall of the server and of its provider, and check that ${host} leads to the ` +
    'server. If this machine is behind the same router, try from another network: many routers lead nobody back in.',
};
const NO_ROUTE: Explanation = {
  reason: 'no-route',
  says: ({ address }) => `there is no way from here to ${address}`,
  remedy: ({ address }) =>
    address.includes(':')
      ? 'This machine has no IPv6, so try from one that has. If the server has none either, remove its AAAA record.'
      : 'Check this machine’s network, and that the address is a public one.',
};
const CUT: Explanation = {
  reason: 'cut',
  says: ({ address, port }) => `${address} closes connections on port ${port}`,
  remedy: () => 'Look into the log of what listens there: it took the connection and dropped it.',
};
const NO_TLS: Explanation = {
  reason: 'no-tls',
  says: ({ address, port }) => `${address} does not speak TLS on port ${port}`,
  remedy: ({ port }) =>
    `Clients use nothing but TLS: let the gateway, or a proxy before it, end TLS on port ${port}.`,
};
const NO_HTTP2: Explanation = {
  reason: 'no-http2',
  says: ({ address, port }) => `${address} does not take HTTP/2 (ALPN h2) on port ${port}`,
  remedy: () =>
    'Couriers speak gRPC, which needs HTTP/2: let what ends TLS there offer h2, and lead it to the gateway.',
};
const NO_CERTIFICATE: Explanation = {
  reason: 'no-certificate',
  says: ({ host }) => `what listens there has no certificate for ${host} yet`,
  remedy: () =>
    '“sudo awala-gateway doctor” on that machine says why; if a proxy ends TLS there, its log does.',
};
const OTHER_NAME: Explanation = {
  reason: 'other-name',
  says: ({ host }, { cert }) => `the certificate is not for ${host}, but for ${namesIn(cert)}`,
  remedy: ({ host }) => `Get a certificate for ${host}, or let the SRV record name the right host.`,
};
const EXPIRED: Explanation = {
  reason: 'expired',
  says: ({ host }) => `the certificate of ${host} has expired`,
  remedy: () =>
    'Renew it, and find out why that did not happen by itself (port 80, DNS, rate limits). If it is new, set this machine’s clock.',
};
const NOT_YET_VALID: Explanation = {
  reason: 'not-yet-valid',
  says: ({ host }) => `the certificate of ${host} is not valid yet`,
  remedy: () => 'Let NTP set the clocks of this machine and of the server.',
};
const NOT_TRUSTED: Explanation = {
  reason: 'not-trusted',
  says: ({ host }, { code }) =>
    `no authority that clients trust vouches for the certificate of ${host} (${code})`,
  remedy: () => CHAIN,
};
const OTHER: Explanation = {
  reason: 'other',
  says: ({ address, port }, { message, reason }) =>
    `${address} port ${port}: ${typeof reason === 'string' ? `TLS fails (${reason})` : message}`,
  remedy: () => 'Look into the log of what listens there.',
};

const BY_CODE: Readonly<Record<string, Explanation>> = {
  ECONNREFUSED: REFUSED,
  ETIMEDOUT: TIMED_OUT,
  DEADLINE: TIMED_OUT,
  ENETUNREACH: NO_ROUTE,
  EHOSTUNREACH: NO_ROUTE,
  EADDRNOTAVAIL: NO_ROUTE,
  EINVAL: NO_ROUTE,
  EPIPE: CUT,
  ECONNRESET: CUT,
  EPROTO: NO_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: NO_HTTP2,
  NO_HTTP2,
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': NO_CERTIFICATE,
  ERR_TLS_CERT_ALTNAME_INVALID: OTHER_NAME,
  CERT_HAS_EXPIRED: EXPIRED,
  CERT_NOT_YET_VALID: NOT_YET_VALID,
  DEPTH_ZERO_SELF_SIGNED_CERT: NOT_TRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: NOT_TRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_TRUSTED,
  CERT_UNTRUSTED: NOT_TRUSTED,
  CERT_SIGNATURE_FAILURE: NOT_TRUSTED,
  INVALID_CA: NOT_TRUSTED,
};

/** Names the cause of a connection's failure, and says what to do. */
export function connectionFault(error: unknown, attempted: Attempted): ReachError {
  if (error instanceof ReachError) {
    return error;
  }
  const failure: Failure = error instanceof Error ? error : new Error(String(error));
  const code = failure instanceof DeadlineError ? 'DEADLINE' : failure.code;
  const known =
    typeof code === 'string' && Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
  const { reason, says, remedy } = known ?? OTHER;
  return new ReachError(reason, says(attempted, failure), {
    cause: error,
    remedy: remedy(attempted),
  });
}

function namesIn(certificate: PeerCertificate | undefined): string {
  const names = certificate?.subjectaltname?.replaceAll('DNS:', '') ?? certificate?.subject?.CN;
  return [names ?? 'nobody'].flat().join(', ').slice(0, 200);
}
