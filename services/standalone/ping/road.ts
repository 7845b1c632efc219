import type { Clock } from '#clock/clock.ts';
import type { AddressesOf } from '../reach/addresses.ts';
import { AWALA_SERVICES, type ServiceName } from '../reach/awala-services.ts';
import { type Connected, connect } from '../reach/connect.ts';
import type { Location } from '../reach/find-service.ts';
import { bareHost, urlHost } from '../reach/url-host.ts';
import type { Pin } from './pinned-http.ts';
import type { Steps } from './steps.ts';

/** Where a service is, and whether it is to be had by TLS. */
export type ServerLocation = Location & { readonly useTls: boolean };

/** How the servers of a gateway are found. */
export interface Locator {
  /** Whether the DNS says where a service is, rather than the operator. */
  readonly byDns: boolean;
  /** @throws {ReachError} */
  readonly locate: (service: ServiceName) => Promise<ServerLocation>;
  readonly addressesOf: (service: ServiceName) => AddressesOf;
  /** Certificates in PEM to trust instead of the public authorities. */
  readonly ca: string | undefined;
}

/** A server that was found to answer. */
export interface Road extends Pin {
  /** `https://host:port`, or `http:` without TLS. */
  readonly origin: URL;
  readonly address: string;
}

/**
 * Finds a service as its clients do, and connects to it.
 *
 * @throws {StepFailedError} naming the failed step
 */
export async function findRoad(
  steps: Steps,
  service: ServiceName,
  { locator, clock }: { readonly locator: Locator; readonly clock: Clock },
): Promise<Road> {
  const { seekers, protocols } = AWALA_SERVICES[service];
  const location = locator.byDns
    ? await steps.run(`DNS for ${seekers}`, () => locator.locate(service), describeLocation)
    : await locator.locate(service);
  const { ca } = locator;
  const parts = { clock, ca, addressesOf: locator.addressesOf(service) };
  const connected = await steps.run(
    `connection for ${seekers}`,
    () => connect({ ...location, host: bareHost(location.host), protocols }, parts),
    (made) => describeConnection(made, location.port),
  );
  const scheme = location.useTls ? 'https' : 'http';
  const origin = new URL(`${scheme}://${urlHost(location.host)}:${location.port}`);
  return { origin, address: connected.address, ca };
}

function describeLocation({ host, port, remark }: ServerLocation): string {
  return `${host}:${port}${remark === null ? '' : ` (${remark})`}`;
}

function describeConnection({ address, tls, failed }: Connected, port: number): string {
  const at = `${urlHost(address)}:${port}`;
  const secured = tls
    ? `, ${tls.version}, certificate by ${tls.certificate.issuer} until ${tls.certificate.notAfter.toISOString().slice(0, 10)}`
    : '';
  const others = failed.map(({ error }) => `; but ${error.message}`).join('');
  return `${at}${secured}${others}`;
}
