import type { Clock } from '#clock/clock.ts';
import { DnsOverHttps } from '#gateway/internet-delivery/dns-over-https.ts';
import { AWALA_SERVICES } from '../reach/awala-services.ts';
import type { Dns } from '../reach/find-service.ts';
import type { ClockCheck } from './clock-check.ts';

const DNS_TIMEOUT_MS = 5_000;

interface OpenDnsParts {
  readonly clock: Clock;
  readonly clockCheck: ClockCheck;
  /** Closes what is opened. */
  readonly opened: AsyncDisposableStack;
  /** Certificates in PEM to trust instead of the public authorities. */
  readonly ca: string | undefined;
}

/** The resolver at `url`. */
export function dnsAt(url: URL, { clock, clockCheck, opened, ca }: OpenDnsParts): Dns {
  return opened.use(
    new DnsOverHttps(clock, {
      url,
      timeoutMs: DNS_TIMEOUT_MS,
      trustedAuthorities: ca,
      onTime: (time) => clockCheck.hear(time),
    }),
  );
}

/** The resolvers that clients have built in, each for the names that its clients look up. */
export function dnsOfClients(parts: OpenDnsParts): Dns {
  const services = Object.values(AWALA_SERVICES);
  const opened = new Map<string, Dns>();
  return {
    query(name, type) {
      const { resolverUrl } =
        services.find(({ labels }) => name.startsWith(labels)) ?? AWALA_SERVICES.phones;
      const dns = opened.get(resolverUrl.href) ?? dnsAt(resolverUrl, { ...parts, ca: undefined });
      opened.set(resolverUrl.href, dns);
      return dns.query(name, type);
    },
  };
}
