import { isIP } from 'node:net';
import { AWALA_SERVICES } from '../reach/awala-services.ts';
import { srvValue } from '../reach/zone-file.ts';

/** What the DNS must say of a gateway. */
export interface DnsPlan {
  /** The gateway's Awala address. */
  readonly address: string;
  /** The host that clients connect to, the certificate's name. */
  readonly host: string;
  /** The public port with TLS. */
  readonly port: number;
  /** By which the Internet reaches the host. */
  readonly ipAddresses: readonly string[];
}

/** The records of one type that a name must have. */
export interface NeededRecords {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'SRV';
  /** Each as a zone file has it; if there is none, it must have none. */
  readonly values: readonly string[];
  /** A word for it in a line of many. */
  readonly short: string;
}

/** Every name and type that clients of a gateway look up. */
export function neededRecords({
  address,
  host,
  port,
  ipAddresses,
}: DnsPlan): readonly NeededRecords[] {
  const addresses = ([4, 6] as const).map((version): NeededRecords => {
    const values = ipAddresses.filter((each) => isIP(each) === version).map(canonicalIp);
    const type = version === 4 ? 'A' : 'AAAA';
    return { name: host, type, values, short: type };
  });
  const services = Object.values(AWALA_SERVICES).map(
    ({ labels }): NeededRecords => ({
      name: `${labels}.${address}`,
      type: 'SRV',
      values: [srvValue(port, host)],
      short: /^_awala-(\w+)\./.exec(labels)?.[1] ?? labels,
    }),
  );
  return [...addresses, ...services];
}

/** The one form of an IP address in which two can be compared. */
export function canonicalIp(address: string): string {
  return isIP(address) === 6
    ? new URL(`http://[${address}]`).hostname.replaceAll(/[[\]]/g, '')
    : address;
}
