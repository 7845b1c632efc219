import { nodeIdOfKey } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import { isLocalAddress } from '#composition/internet-address.ts';
import { PowebClient } from '../ping/poweb-client.ts';
import { AWALA_SERVICES, type ServiceName } from '../reach/awala-services.ts';
import { type Connected, connect } from '../reach/connect.ts';
import { findService, type Location } from '../reach/find-service.ts';
import { ReachError } from '../reach/reach-error.ts';
import type { Resolvers } from '../reach/resolvers.ts';
import { type Finding, ill, note, well } from './finding.ts';

const DAY_MS = 86_400_000;
/** Authorities' certificates are renewed a month before their end. */
export const LEAST_CERTIFICATE_DAYS = 14;
const TIMEOUT_MS = 5_000;

const WHY: Readonly<Record<ServiceName, string>> = {
  phones: 'Phones cannot register, send or collect.',
  couriers: 'Couriers can neither deliver nor collect cargo.',
  apps: 'Internet apps deliver no parcels here.',
};

const NO_CERTIFICATE =
  'If the gateway ends TLS, what is said here of “gateway” says why; if a proxy does, its log.';

interface PublishedParts {
  readonly clock: Clock;
  readonly resolvers: Resolvers;
  /** Certificates in PEM to trust instead of the public authorities. */
  readonly ca: string | undefined;
  /** The gateway's own id; null if it has no keys yet. */
  readonly nodeId: () => Promise<string | null>;
  /** Whether a gateway may be there: else the DNS is looked at only. */
  readonly isUp: () => Promise<boolean>;
}

/** Whether the world finds the gateway's services, and finds this gateway there. */
export async function publishedFindings(
  address: string,
  parts: PublishedParts,
): Promise<readonly Finding[]> {
  if (isLocalAddress(address)) {
    const remedy =
      'Set INTERNET_ADDRESS to a domain name of yours, for phones to find the gateway.';
    return [note('DNS', `${address} is for this machine only`, remedy)];
  }
  const names = Object.keys(AWALA_SERVICES) as ServiceName[];
  const findings = await Promise.all(
    names.map((service) => serviceFindings(service, address, parts)),
  );
  return findings.flat();
}

async function serviceFindings(
  service: ServiceName,
  address: string,
  parts: PublishedParts,
): Promise<readonly Finding[]> {
  const { seekers, labels } = AWALA_SERVICES[service];
  const dns = parts.resolvers.dnsFor(service);
  const location = await orFault(findService(dns, AWALA_SERVICES[service], address));
  if (location instanceof ReachError) {
    return [fault(`DNS for ${seekers}`, service, location)];
  }
  const { host, port, remark } = location;
  const says = `${labels} leads to ${host}:${port}`;
  const found =
    remark === null
      ? well(`DNS for ${seekers}`, says)
      : note(
          `DNS for ${seekers}`,
          remark,
          `One SRV record ${labels}.${address} is what all clients read.`,
        );
  return (await parts.isUp())
    ? [found, ...(await connectionFindings(service, location, parts, address))]
    : [found];
}

async function connectionFindings(
  service: ServiceName,
  location: Location,
  parts: PublishedParts,
  address: string,
): Promise<readonly Finding[]> {
  const { seekers, protocols } = AWALA_SERVICES[service];
  const subject = `way for ${seekers}`;
  const addressesOf = parts.resolvers.addressesFor(service);
  const server = { ...location, useTls: true, protocols };
  const made = await orFault(connect(server, { ...parts, addressesOf }));
  if (made instanceof ReachError) {
    return [fault(subject, service, made)];
  }
  const failed = made.failed.map(({ error }) => addressFinding(subject, error));
  const reached = well(subject, `${made.address}:${location.port} answers`);
  const certificate = certificateFindings(made, location.host, parts.clock);
  const itself =
    service === 'phones' ? [await ownAddressFinding(location, made, parts, address)] : [];
  return [reached, ...failed, ...certificate, ...itself];
}

/** Another address of a host that answers at one. */
function addressFinding(subject: string, error: Error): Finding {
  const remedy = error instanceof ReachError ? error.remedy : '';
  return error instanceof ReachError && error.reason === 'no-route'
    ? note(subject, error.message, remedy)
    : ill(subject, error.message, {
        why: 'Clients that try this address first wait ten seconds, or fail.',
        remedy,
      });
}

function certificateFindings({ tls }: Connected, host: string, clock: Clock): Finding[] {
  if (!tls) {
    return [];
  }
  const { issuer, notAfter } = tls.certificate;
  const days = Math.floor((notAfter.getTime() - clock.now().getTime()) / DAY_MS);
  const says = `${host}’s, by ${issuer}, lasts until ${notAfter.toISOString().slice(0, 10)}`;
  return days >= LEAST_CERTIFICATE_DAYS
    ? []
    : [
        ill('certificate', `${says}: ${days} days`, {
          why: 'Once it has expired, no client connects any more.',
          remedy: 'Find out why it was not renewed: port 80, DNS, rate limits of the authority.',
        }),
      ];
}

async function ownAddressFinding(
  { host, port }: Location,
  { address: ip }: Connected,
  { ca, nodeId }: PublishedParts,
  address: string,
): Promise<Finding> {
  const subject = 'address';
  const why = 'Phones register with the wrong gateway, or send it what it refuses.';
  try {
    await using client = new PowebClient(new URL(`https://${host}:${port}`), { address: ip, ca });
    const published = await client.connectionParameters(AbortSignal.timeout(TIMEOUT_MS));
    const publishedId = nodeIdOfKey(published.identityKey);
    const ownId = await nodeId();
    if (published.internetAddress !== address) {
      return ill(subject, `the gateway there calls itself ${published.internetAddress}`, {
        why,
        remedy: `Set its INTERNET_ADDRESS to ${address}, or let the DNS lead elsewhere.`,
      });
    }
    return ownId === null || ownId === publishedId
      ? well(subject, `${address} leads to this gateway`)
      : ill(subject, `the gateway there is another: node ${publishedId}, not ${ownId}`, {
          why,
          remedy: 'Let the DNS lead to this machine, or set DATA_DIR to the data of that gateway.',
        });
  } catch (error) {
    const says = `no gateway answers there: ${error instanceof Error ? error.message : error}`;
    return ill(subject, says, {
      why: WHY.phones,
      remedy:
        'Let what ends TLS there lead /connection-params.der and /v1/ to the gateway’s POWEB_PORT.',
    });
  }
}

function fault(subject: string, service: ServiceName, error: ReachError): Finding {
  // Else it would tell its reader to ask the doctor.
  const remedy = error.reason === 'no-certificate' ? NO_CERTIFICATE : error.remedy;
  return ill(subject, error.message, { why: WHY[service], remedy });
}

async function orFault<Result>(attempt: Promise<Result>): Promise<Result | ReachError> {
  try {
    return await attempt;
  } catch (error) {
    if (error instanceof ReachError) {
      return error;
    }
    throw error;
  }
}
