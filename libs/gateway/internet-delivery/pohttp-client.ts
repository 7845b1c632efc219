import { Agent, type Dispatcher } from 'undici';
import { DeadlineError, withDeadline } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';
import { answerOfStatus, type DeliveryAnswer } from './delivery-answer.ts';
import {
  type DestinationResolver,
  DestinationUnreachableError,
  type Target,
} from './destination-resolver.ts';
import { DnsUnavailableError } from './dns-over-https.ts';
import { guardedConnector } from './guarded-connector.ts';

const PARCEL_MEDIA_TYPE = 'application/vnd.awala.parcel';
const USER_AGENT = 'awala-internet-gateway';
const MAX_REDIRECTS = 3;
/**
 * Octets of a response's body that are read, so that its connection can be reused; longer ones are
 * cut off.
 */
const MAX_DISCARDED_OCTETS = 16_384;
const DISCARD_TIMEOUT_MS = 5_000;
const MAX_HEADER_OCTETS = 16_384;
/** Before the answer; each costs a parser's turn, and a destination may send them without end. */
const MAX_INTERIM_ANSWERS = 10;
const IDLE_CONNECTION_MS = 4_000;
/** Lower ports, except HTTP's, belong to other protocols. */
const FIRST_UNPRIVILEGED_PORT = 1_024;

/** This machine cannot connect to anybody: it is out of descriptors, memory or ports. */
const OWN_SHORTAGES = ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL'];

/** How to post parcels. */
export interface PohttpClientOptions {
  /** Whether to use HTTPS only. */
  readonly useTls: boolean;
  /** Whether to connect to an IP address: see {@link isPublicAddress}. */
  readonly permits: (address: string) => boolean;
  /** For a connection. */
  readonly connectTimeoutMs: number;
  /** For a parcel, from looking up its address to the response, including redirects. */
  readonly totalTimeoutMs: number;
  /** Connections to one host. */
  readonly maxConnectionsPerHost: number;
  /** Certificates in PEM to trust instead of the public authorities. */
  readonly trustedAuthorities?: string | undefined;
  /**
   * Where parcels for these Internet addresses go, in canonical form, whatever the DNS says; the
   * URLs need neither TLS nor a permitted IP address.
   */
  readonly overrides?: ReadonlyMap<string, URL> | undefined;
}

interface PohttpClientParts {
  readonly resolver: Pick<DestinationResolver, 'targets' | 'addresses'>;
  readonly clock: Clock;
}

/** A redirect that may not, or cannot, be followed. */
class RedirectError extends Error {
  readonly code = 'REDIRECT';
}

/** A destination answers 1xx again and again. */
class InterimAnswersError extends Error {
  readonly code = 'INTERIM_ANSWERS';
}

/**
 * Posts parcels to Internet addresses.
 *
 * @see RS-007
 */
export class PohttpClient implements AsyncDisposable {
  readonly #parts: PohttpClientParts;
  readonly #options: PohttpClientOptions;
  readonly #agent: Agent;
  /** Connects to wherever an override says, by the names that this machine knows. */
  readonly #overridden: Agent;

  constructor(parts: PohttpClientParts, options: PohttpClientOptions) {
    this.#parts = parts;
    this.#options = options;
    const guarded = guardedConnector({ ...options, resolver: parts.resolver });
    this.#agent = openAgent(options, guarded);
    this.#overridden = openAgent(options, { timeout: options.connectTimeoutMs, allowH2: false });
  }

  /**
   * Posts a parcel, following redirects. Failures of the network and the destination are results,
   * not errors.
   *
   * @param delivery.attempt - 1 for the first; later ones start with another host, if there are
   * several
   * @throws the signal's reason, if it is aborted
   */
  async post(delivery: {
    readonly internetAddress: string;
    readonly parcel: Uint8Array;
    readonly attempt: number;
    readonly signal: AbortSignal;
  }): Promise<DeliveryAnswer> {
    const { signal } = delivery;
    signal.throwIfAborted();
    const { totalTimeoutMs: timeoutMs } = this.#options;
    const tooLate = () => new DeadlineError('the delivery', timeoutMs);
    const deadline = { clock: this.#parts.clock, timeoutMs, tooLate, signal };
    try {
      return await withDeadline(deadline, async (limited) => {
        const override = this.#options.overrides?.get(delivery.internetAddress);
        const first = override ?? (await this.#locate(delivery.internetAddress, delivery.attempt));
        return await this.#postTo(first, override?.origin, delivery.parcel, limited);
      });
    } catch (error) {
      signal.throwIfAborted();
      return failure(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#overridden.destroy()]);
  }

  async #locate(internetAddress: string, attempt: number): Promise<URL> {
    const { useTls } = this.#options;
    const targets = await this.#parts.resolver.targets(internetAddress, useTls ? 443 : 80);
    const { host, port } = targets[(attempt - 1) % targets.length] as Target;
    return new URL(`${useTls ? 'https' : 'http'}://${host}:${port}/`);
  }

  /** @param trustedOrigin - of the override, if there is one; redirects elsewhere are checked */
  async #postTo(
    first: URL,
    trustedOrigin: string | undefined,
    parcel: Uint8Array,
    signal: AbortSignal,
  ): Promise<DeliveryAnswer> {
    let url = first;
    for (let redirects = 0; ; redirects++) {
      const agent = url.origin === trustedOrigin ? this.#overridden : this.#agent;
      if (agent === this.#agent) {
        this.#check(url);
      }
      const { statusCode, headers, body } = await post(agent, url, parcel, signal);
      this.#discard(body);
      if (statusCode !== 307 && statusCode !== 308) {
        const retryAfter = headerOf(headers, 'retry-after');
        return answerOfStatus(statusCode, retryAfter, this.#parts.clock.now());
      }
      if (redirects === MAX_REDIRECTS) {
        throw new RedirectError(`there were more than ${MAX_REDIRECTS} redirects`);
      }
      url = redirection(headerOf(headers, 'location'), url);
    }
  }

  /** The status is the answer; the body does not matter. */
  #discard(body: Dispatcher.ResponseData['body']): void {
    const cancel = this.#parts.clock.schedule(DISCARD_TIMEOUT_MS, () => body.destroy());
    body.once('close', cancel).on('error', () => {});
    body.dump({ limit: MAX_DISCARDED_OCTETS }).catch(() => {});
  }

  #check({ protocol, username, password, port }: URL): void {
    if (protocol !== 'https:' && (protocol !== 'http:' || this.#options.useTls)) {
      throw new RedirectError(`parcels are not posted to ${protocol}`);
    }
    if (username !== '' || password !== '') {
      throw new RedirectError('parcels are not posted with credentials');
    }
    const isWebPort = port === '' || port === '80' || port === '443';
    if (!isWebPort && Number(port) < FIRST_UNPRIVILEGED_PORT) {
      throw new RedirectError(`parcels are not posted to port ${port}`);
    }
  }
}

function openAgent(
  { maxConnectionsPerHost, totalTimeoutMs }: PohttpClientOptions,
  connect: NonNullable<Agent.Options['connect']>,
): Agent {
  return new Agent({
    connect,
    connections: maxConnectionsPerHost,
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: IDLE_CONNECTION_MS,
    keepAliveMaxTimeout: IDLE_CONNECTION_MS,
    maxHeaderSize: MAX_HEADER_OCTETS,
    headersTimeout: totalTimeoutMs,
    bodyTimeout: totalTimeoutMs,
  });
}

function post(
  agent: Agent,
  url: URL,
  parcel: Uint8Array,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const interim = new AbortController();
  let interimAnswers = 0;
  return agent.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: 'POST',
    headers: { 'content-type': PARCEL_MEDIA_TYPE, 'user-agent': USER_AGENT },
    body: parcel,
    signal: AbortSignal.any([signal, interim.signal]),
    onInfo: () => {
      interimAnswers += 1;
      if (interimAnswers > MAX_INTERIM_ANSWERS) {
        interim.abort(new InterimAnswersError('there were too many interim answers'));
      }
    },
  });
}

function redirection(location: string | undefined, from: URL): URL {
  const url = location === undefined ? null : URL.parse(location, from);
  if (!url) {
    throw new RedirectError('a redirect does not say where to');
  }
  return url;
}

function headerOf(headers: Dispatcher.ResponseData['headers'], name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function failure(error: unknown): DeliveryAnswer {
  const reason = reasonOf(error);
  const isOurs = error instanceof DnsUnavailableError || OWN_SHORTAGES.includes(reason);
  const destination = isOurs ? 'unknown' : 'down';
  return { outcome: 'failed', reason, destination, retryAfterMs: null };
}

/** A code such as `ECONNREFUSED`; if several addresses failed, each has its own error. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return reasonOf(error.errors[0]);
  }
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return error instanceof DestinationUnreachableError ? error.code : 'NETWORK';
}
