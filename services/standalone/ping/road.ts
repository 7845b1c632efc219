import type { Clock } from '#clock/clock.ts';
import type { AddressesOf } from '../reach/addresses.ts';
import { AWALA_SERVICES, type ServiceName } from '../reach/awala-services.ts';
import { type Connected, connect } from '../reach/connect.ts';
import type { Location } from '../reach/find-service.ts';
import { bareHost, urlHost } from '../reach/url-host.ts';
import type { Pin } from './pinned-http.ts';
import type { Steps } from './steps.ts';

/** Where a service is, and whether it is to be had by TLS. */
export type Place = Location & { readonly useTls: boolean };

/** How the servers of a gateway are found. */
export interface Finding {
  /** Whether the DNS says where a service is, rather than the operator. */
  readonly byDns: boolean;
  /** @throws {ReachError} */
  readonly locate: (service: ServiceName) => Promise<Place>;
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
  { finding, clock }: { readonly finding: Finding; readonly clock: Clock },
): Promise<Road> {
  const { seekers, protocols } = AWALA_SERVICES[service];
  const place = finding.byDns
    ? await steps.run(`DNS for ${seekers}`, () => finding.locate(service), describePlace)
    : await finding.locate(service);
  const { ca } = finding;
  const parts = { clock, ca, addressesOf: finding.addressesOf(service) };
  const connected = await steps.run(
    `connection for ${seekers}`,
    () => connect({ ...place, host: bareHost(place.host), protocols }, parts),
    (made) => describeConnection(made, place.port),
  );
  const scheme = place.useTls ? 'https' : 'http';
  const origin = new URL(`${scheme}://${urlHost(place.host)}:${place.port}`);
  return { origin, address: connected.address, ca };
}

function describePlace({ host, port, remark }: Place): string {
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
