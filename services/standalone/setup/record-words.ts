import { zoneLine } from '../reach/zone-file.ts';
import type { DnsPlan, NeededRecords } from './records.ts';

/** The records as lines of a zone file, to be pasted where a DNS provider takes such. */
export function zoneLines(records: readonly NeededRecords[]): readonly string[] {
  const widths = {
    name: Math.max(...records.map(({ name }) => name.length)) + 1,
    type: Math.max(...records.map(({ type }) => type.length)),
  };
  return records.flatMap(({ name, type, values }) =>
    values.map((value) => zoneLine({ name, type, value }, widths)),
  );
}

/** The same in words, for a provider's web form. */
export function formLines(
  records: readonly NeededRecords[],
  { host, port }: DnsPlan,
): readonly string[] {
  const addresses = records
    .filter(({ type }) => type !== 'SRV')
    .flatMap(({ name, type, values }) =>
      values.map((value) => `type ${type}, name ${name}, value ${value}`),
    );
  const services = records
    .filter(({ type }) => type === 'SRV')
    .map(
      ({ name }) => `type SRV, name ${name}, priority 0, weight 0, port ${port}, target ${host}`,
    );
  return [...addresses, ...services];
}

/** What to know about these records. */
export function adviceOn({ address, ipAddresses }: DnsPlan): readonly string[] {
  const hasIpv4 = ipAddresses.some((each) => !each.includes(':'));
  return [
    'Phones, couriers and Internet apps look up one SRV record each. Many forms add the',
    'domain to a name by themselves: then leave it out. Where a form asks for service and',
    'protocol, these are the first two parts of the name. Let no proxy of the DNS provider',
    '(“orange cloud”) stand in front of these names.',
    `Turn DNSSEC on for the zone with ${address} at the DNS provider, and hand`,
    'its DS record to the registrar: senders that demand proof (Internet apps) deliver',
    'nothing here without it.',
    ...(hasIpv4
      ? []
      : ['There is no IPv4 address: phones in networks without IPv6 will not reach it.']),
  ];
}
