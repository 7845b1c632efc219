import type { Clock } from '#clock/clock.ts';
import type { WitnessedTime } from '#clock/clock-plausibility.ts';
import { DnsOverHttps } from '#gateway/internet-delivery/dns-over-https.ts';
import { type AddressesOf, addressesByDns } from './addresses.ts';
import { AWALA_SERVICES, type ServiceName } from './awala-services.ts';

/** The Android app's. */
const DNS_TIMEOUT_MS = 5_000;

interface ResolversParts {
  readonly clock: Clock;
  /** The one to ask instead of those that clients ask. */
  readonly resolver?: URL | undefined;
  /** Certificates in PEM to trust for it instead of the public authorities. */
  readonly ca?: string | undefined;
  /** Called with the time of each that answers over TLS. */
  readonly onTime?: ((time: WitnessedTime) => void) | undefined;
}

/** The DNS resolvers that clients ask, each opened when it is first needed. */
export class Resolvers implements AsyncDisposable {
  readonly #parts: ResolversParts;
  readonly #opened = new Map<string, DnsOverHttps>();

  constructor(parts: ResolversParts) {
    this.#parts = parts;
  }

  /** The resolver that clients of a service ask. */
  dnsFor(service: ServiceName): DnsOverHttps {
    const { resolver, ca } = this.#parts;
    // The clients' own have public certificates, whatever the gateway has.
    return resolver ? this.at(resolver, ca) : this.at(AWALA_SERVICES[service].resolverUrl);
  }

  /** By the same resolver, the addresses of the hosts that it names. */
  addressesFor(service: ServiceName): AddressesOf {
    return addressesByDns(this.dnsFor(service));
  }

  /** A resolver by its address. */
  at(url: URL, ca?: string): DnsOverHttps {
    const { clock, onTime } = this.#parts;
    const options = { url, timeoutMs: DNS_TIMEOUT_MS, trustedAuthorities: ca, onTime };
    const dns = this.#opened.get(url.href) ?? new DnsOverHttps(clock, options);
    this.#opened.set(url.href, dns);
    return dns;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const dns of this.#opened.values()) {
      await dns[Symbol.asyncDispose]();
    }
  }
}
