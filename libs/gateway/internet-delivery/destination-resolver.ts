import { isIP } from 'node:net';
import type { Answer, SrvAnswer, StringAnswer } from 'dns-packet';
import { canonicalInternetAddress } from '#awala/internet-address.ts';
import { LookUps, type Remembered } from '#bounds/look-ups.ts';
import type { Clock } from '#clock/clock.ts';
import type { DnsRecordType, DnsReply } from './dns-over-https.ts';

/** Where to post the parcels for an Internet address. */
export interface Target {
  /** A domain name in canonical form, or an IP address. */
  readonly host: string;
  readonly port: number;
}

/** The Internet address leads nowhere at present. */
export class DestinationUnreachableError extends Error {
  readonly code = 'DESTINATION_UNREACHABLE';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DestinationUnreachableError';
  }
}

interface DestinationResolverParts {
  readonly dns: { query(name: string, type: DnsRecordType): Promise<DnsReply> };
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random?: () => number;
}

interface Service extends Target {
  readonly priority: number;
  readonly weight: number;
}

const MAX_REMEMBERED = 10_000;
/** Least time that records are cached, whatever their TTL. */
const MIN_REMEMBERED_MS = 10_000;
const MAX_REMEMBERED_MS = 300_000;
/** How long the absence of a record is cached. */
const ABSENCE_REMEMBERED_MS = 60_000;
/** Hosts used per service; more are ignored. */
const MAX_TARGETS = 16;
/** IP addresses used per host; more are ignored. */
const MAX_HOST_ADDRESSES = 16;
const LOOPBACK = ['127.0.0.1', '::1'];

/**
 * Finds the hosts of an Internet address: by the SRV record of its parcel delivery service, which
 * DNSSEC must prove; or, without such a record, at the address itself.
 *
 * @see RS-007, RS-000 "Addressing"; RFC 2782
 */
export class DestinationResolver {
  readonly #parts: DestinationResolverParts;
  readonly #services: LookUps<readonly Service[]>;
  readonly #addresses: LookUps<readonly string[]>;

  constructor(parts: DestinationResolverParts) {
    this.#parts = parts;
    this.#services = new LookUps(parts.clock, MAX_REMEMBERED);
    this.#addresses = new LookUps(parts.clock, MAX_REMEMBERED);
  }

  /**
   * The hosts that accept parcels for `internetAddress`, at least one, in the order to try them.
   *
   * @param internetAddress - in canonical form
   * @param defaultPort - without an SRV record
   * @throws {DestinationUnreachableError} if the name cannot be trusted or offers no service
   * @throws {DnsUnavailableError}
   */
  async targets(internetAddress: string, defaultPort: number): Promise<readonly Target[]> {
    if (isIP(internetAddress) || isLocalhost(internetAddress)) {
      return [{ host: internetAddress, port: defaultPort }];
    }
    const services = await this.#services.get(internetAddress, () =>
      this.#lookUpServices(internetAddress),
    );
    return services.length === 0
      ? [{ host: internetAddress, port: defaultPort }]
      : ordered(services, this.#parts.random ?? Math.random);
  }

  /**
   * The IP addresses of a host.
   *
   * @throws {DestinationUnreachableError} if there is none
   * @throws {DnsUnavailableError}
   */
  async addresses(host: string): Promise<readonly string[]> {
    if (isLocalhost(host)) {
      return LOOPBACK;
    }
    const addresses = await this.#addresses.get(host, () => this.#lookUpAddresses(host));
    if (addresses.length === 0) {
      throw new DestinationUnreachableError(`${host} has no IP address`);
    }
    return addresses;
  }

  async #lookUpServices(internetAddress: string): Promise<Remembered<readonly Service[]>> {
    const reply = await this.#parts.dns.query(`_awala-pdc._tcp.${internetAddress}`, 'SRV');
    const answers = reply.answers.filter((answer) => answer.type === 'SRV');
    if (reply.rcode !== 'NXDOMAIN' && reply.rcode !== 'NOERROR') {
      throw new DestinationUnreachableError(
        `the DNS refused to say where ${internetAddress} is: ${reply.rcode}`,
      );
    }
    if (answers.length === 0) {
      return { value: [], forMs: ABSENCE_REMEMBERED_MS };
    }
    if (!reply.isAuthentic) {
      throw new DestinationUnreachableError(
        `the SRV record of ${internetAddress} is not secured by DNSSEC`,
      );
    }
    const services = answers.slice(0, MAX_TARGETS).flatMap(serviceOf);
    if (services.length === 0) {
      throw new DestinationUnreachableError(`${internetAddress} offers no parcel delivery`);
    }
    return { value: services, forMs: timeToLiveMs(answers) };
  }

  async #lookUpAddresses(host: string): Promise<Remembered<readonly string[]>> {
    const replies = await Promise.all([
      this.#parts.dns.query(host, 'A'),
      this.#parts.dns.query(host, 'AAAA'),
    ]);
    const answers = replies
      .flatMap((reply) => reply.answers)
      .filter((answer): answer is StringAnswer => answer.type === 'A' || answer.type === 'AAAA');
    const addresses = answers.map(({ data }) => data).filter((data) => isIP(data) > 0);
    return { value: addresses.slice(0, MAX_HOST_ADDRESSES), forMs: timeToLiveMs(answers) };
  }
}

/** A record without a host means that there is no such service (RFC 2782). */
function serviceOf({ data }: SrvAnswer): Service[] {
  const host = canonicalInternetAddress(data.target);
  return host === null || data.port === 0
    ? []
    : [{ host, port: data.port, priority: data.priority ?? 0, weight: data.weight ?? 0 }];
}

/** By ascending priority; within one, at random by weight (RFC 2782). */
function ordered(services: readonly Service[], random: () => number): Target[] {
  return services
    .map(({ host, port, priority, weight }) => ({
      target: { host, port },
      priority,
      // The least of exponentially distributed times is drawn in proportion to the weights.
      turn: -Math.log(1 - random()) / Math.max(weight, 0.01),
    }))
    .sort((a, b) => a.priority - b.priority || a.turn - b.turn)
    .map(({ target }) => target);
}

function timeToLiveMs(answers: readonly Answer[]): number {
  if (answers.length === 0) {
    return ABSENCE_REMEMBERED_MS;
  }
  const lives = answers.map((answer) => ('ttl' in answer ? (answer.ttl ?? 0) : 0) * 1_000);
  return Math.min(Math.max(Math.min(...lives), MIN_REMEMBERED_MS), MAX_REMEMBERED_MS);
}

/** Never looked up in DNS (RFC 6761 §6.3). */
function isLocalhost(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}
