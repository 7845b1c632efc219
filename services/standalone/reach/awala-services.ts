const GOOGLE = new URL('https://dns.google/dns-query');
const CLOUDFLARE = new URL('https://cloudflare-dns.com/dns-query');

/** A service of an Internet gateway, as its deployed clients look it up. */
export interface AwalaService {
  /** Who looks it up, in a word. */
  readonly seekers: string;
  /** The labels before the Internet address in the name of its SRV record. */
  readonly labels: string;
  /** The DNS-over-HTTPS resolver that the clients have built in. */
  readonly resolverUrl: URL;
  /** Whether they believe only what DNSSEC proves. */
  readonly demandsProof: boolean;
  /** Where they go if the record does not exist; null if they give up. */
  readonly fallbackPort: number | null;
  /** The application protocols that they offer in TLS, the preferred one first. */
  readonly protocols: readonly string[];
}

/**
 * The services of an Internet gateway.
 *
 * - Phones and couriers (the Android apps) take the first record of the answer, whatever its
 *   priority and weight, do not ask for DNSSEC, and have no fallback: a missing record ends it.
 * - Internet apps (`resolveInternetAddress` of relaynet-core) demand the AD flag of every answer but
 *   NXDOMAIN, at which they go to port 443 of the address itself.
 *
 * @see RS-000 "Addressing"
 */
export const AWALA_SERVICES = {
  phones: {
    seekers: 'phones',
    labels: '_awala-gsc._tcp',
    resolverUrl: GOOGLE,
    demandsProof: false,
    fallbackPort: null,
    protocols: ['h2', 'http/1.1'],
  },
  couriers: {
    seekers: 'couriers',
    labels: '_awala-crc._tcp',
    resolverUrl: GOOGLE,
    demandsProof: false,
    fallbackPort: null,
    protocols: ['h2'],
  },
  apps: {
    seekers: 'Internet apps',
    labels: '_awala-pdc._tcp',
    resolverUrl: CLOUDFLARE,
    demandsProof: true,
    fallbackPort: 443,
    protocols: ['http/1.1'],
  },
} as const satisfies Record<string, AwalaService>;

/** Which of {@link AWALA_SERVICES}. */
export type ServiceName = keyof typeof AWALA_SERVICES;
