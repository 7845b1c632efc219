import type { Answer, SrvAnswer } from 'dns-packet';
import { canonicalInternetAddress } from '#awala/internet-address.ts';
import {
  type DnsRecordType,
  type DnsReply,
  DnsUnavailableError,
} from '#gateway/internet-delivery/dns-over-https.ts';
import type { AwalaService } from './awala-services.ts';
import { ReachError } from './reach-error.ts';
import { srvValue, zoneLine } from './zone-file.ts';

const HTTPS_PORT = 443;

/** Asks a DNS resolver. */
export interface Dns {
  /** @throws {DnsUnavailableError} */
  query(name: string, type: DnsRecordType): Promise<DnsReply>;
}

/** Where clients of a service go. */
export interface Location {
  readonly host: string;
  readonly port: number;
  /** What is unusual about it; null if nothing is. */
  readonly remark: string | null;
}

/**
 * Looks up a service of an Internet address as its deployed clients do.
 *
 * @param address - in canonical form
 * @throws {ReachError} where those clients give up
 */
export async function findService(
  dns: Dns,
  service: AwalaService,
  address: string,
): Promise<Location> {
  const name = `${service.labels}.${address}`;
  const reply = await ask(dns, name, 'SRV');
  if (reply.rcode === 'NXDOMAIN' && service.fallbackPort !== null) {
    const remark = `no SRV record ${name}: ${service.seekers} try this instead`;
    return { host: address, port: service.fallbackPort, remark };
  }
  const [first] = reply.answers;
  if (reply.rcode === 'NXDOMAIN' || !first) {
    throw noRecord(name, address);
  }
  if (service.demandsProof && !reply.isAuthentic) {
    throw notSigned(name, address);
  }
  return locationOf(soleAnswer(service, name, reply.answers), name, address);
}

/**
 * Asks, and explains failures that say nothing about the name.
 *
 * @throws {ReachError}
 */
export async function ask(dns: Dns, name: string, type: DnsRecordType): Promise<DnsReply> {
  let reply: DnsReply;
  try {
    reply = await dns.query(name, type);
  } catch (cause) {
    if (!(cause instanceof DnsUnavailableError)) {
      throw cause;
    }
    const remedy =
      'Check that this machine reaches the Internet by HTTPS; or name another DNS-over-HTTPS resolver (--resolver).';
    throw new ReachError('resolver-away', reasonOf(cause), { cause, remedy });
  }
  if (reply.rcode !== 'NOERROR' && reply.rcode !== 'NXDOMAIN') {
    throw new ReachError('dns-failure', `the DNS resolver answers ${reply.rcode} for ${name}`, {
      remedy:
        'Check at your DNS provider that the zone’s name servers answer, and that its DNSSEC is intact: ' +
        'the DS record at the registrar must belong to the key that signs the zone now.',
    });
  }
  return reply;
}

function soleAnswer(
  { demandsProof, seekers }: AwalaService,
  name: string,
  answers: readonly Answer[],
): { readonly srv: SrvAnswer; readonly others: number } {
  const records = answers.filter((answer): answer is SrvAnswer => answer.type === 'SRV');
  // Internet apps skip other records; phones and couriers take whatever comes first for an SRV.
  const [first] = demandsProof ? records : answers;
  if (first?.type !== 'SRV') {
    throw new ReachError('odd-record', `${name} is a ${first?.type ?? 'record without SRV'}`, {
      remedy: `Put the SRV record itself at ${name}, not an alias: ${seekers} do not follow it.`,
    });
  }
  return { srv: first, others: records.length - 1 };
}

function locationOf(
  { srv, others }: ReturnType<typeof soleAnswer>,
  name: string,
  address: string,
): Location {
  const { target, port } = srv.data;
  const host = canonicalInternetAddress(target);
  if (host === null || port === 0) {
    throw new ReachError('odd-record', `${name} leads to “${target}” port ${port}`, {
      remedy: `Let the record name a host and its port: ${srvLine(name, address)}`,
    });
  }
  const remark = others === 0 ? null : `one of ${others + 1}, of which clients take any`;
  return { host, port, remark };
}

function noRecord(name: string, address: string): ReachError {
  return new ReachError('no-record', `there is no SRV record ${name}`, {
    remedy: `Add this record to the zone, and wait until old answers have expired: ${srvLine(name, address)}`,
  });
}

function notSigned(name: string, address: string): ReachError {
  return new ReachError('not-signed', `DNSSEC does not prove ${name}`, {
    remedy:
      `Turn DNSSEC on for the zone of ${address} at your DNS provider, and put the DS record that it shows into the ` +
      'parent zone, at the registrar. Until then, Internet apps deliver nothing here.',
  });
}

function srvLine(name: string, address: string): string {
  return zoneLine({ name, type: 'SRV', value: srvValue(HTTPS_PORT, address) });
}

function reasonOf(error: Error): string {
  const { cause } = error;
  return cause instanceof Error && cause.message !== ''
    ? `${error.message} (${cause.message})`
    : error.message;
}
