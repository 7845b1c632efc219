/** Why a name or a server cannot be reached. */
export type ReachCause =
  /** The DNS resolver does not answer us. */
  | 'resolver-away'
  /** The resolver answers with a failure, such as SERVFAIL. */
  | 'dns-failure'
  | 'no-record'
  | 'odd-record'
  | 'not-signed'
  | 'no-such-host'
  | 'refused'
  | 'timed-out'
  | 'no-route'
  /** The connection was closed before it could be used. */
  | 'cut'
  | 'no-tls'
  | 'no-http2'
  /** Whoever listens has none to show. */
  | 'no-certificate'
  | 'other-name'
  | 'expired'
  | 'not-yet-valid'
  | 'not-trusted'
  | 'other';

interface ReachOptions extends ErrorOptions {
  /** What the operator can do about it, in sentences. */
  readonly remedy: string;
}

/** A client would not find a service, or not get a connection to it. */
export class ReachError extends Error {
  readonly code = 'UNREACHABLE';
  readonly reason: ReachCause;
  readonly remedy: string;

  constructor(reason: ReachCause, message: string, { remedy, ...options }: ReachOptions) {
    super(message, options);
    this.name = 'ReachError';
    this.reason = reason;
    this.remedy = remedy;
  }
}
