import { readFile } from 'node:fs/promises';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { isPublicAddress } from '#gateway/internet-delivery/public-address.ts';
import { isPrivateIpv4 } from './not-public.ts';

/** Where Linux lists IPv6 addresses with their flags. */
const IPV6_ADDRESSES = '/proc/net/if_inet6';
/** IFA_F_TEMPORARY and IFA_F_DEPRECATED of Linux: nobody should be told of such an address. */
const PASSING = 0x01 | 0x20;

/** What a machine knows of its addresses. */
interface KnownAddresses {
  /** By which the Internet reaches it; behind NAT, it knows none. */
  readonly addresses: readonly string[];
  /** Whether a router could lead the Internet to an IPv4 address of it. */
  readonly hasPrivateIpv4: boolean;
}

/** Finds what this machine knows of its addresses. */
export type OwnAddresses = () => Promise<KnownAddresses>;

/** The addresses of this machine's interfaces: the public ones that last. */
export async function ownAddresses(): Promise<KnownAddresses> {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const passing = passingAddresses(await readFile(IPV6_ADDRESSES, 'utf8').catch(() => ''));
  return {
    addresses: publicAddresses(all, passing),
    hasPrivateIpv4: all.some(({ address }) => isPrivateIpv4(address)),
  };
}

/** The public ones among addresses of interfaces, each once, IPv4 first. */
export function publicAddresses(
  all: readonly Pick<NetworkInterfaceInfo, 'address' | 'family'>[],
  passing: ReadonlySet<string>,
): readonly string[] {
  const usable = all.filter(
    ({ address }) => isPublicAddress(address) && !passing.has(expanded(address)),
  );
  const ofFamily = (family: string) =>
    usable.filter((each) => each.family === family).map(({ address }) => address);
  return [...new Set([...ofFamily('IPv4'), ...ofFamily('IPv6')])];
}

/** The temporary and deprecated ones in the form of {@link IPV6_ADDRESSES}: 32 hexadecimal digits. */
export function passingAddresses(list: string): ReadonlySet<string> {
  const lines = list.split('\n').map((line) => line.trim().split(/\s+/));
  return new Set(
    lines
      .filter(([, , , , flags = '']) => (Number.parseInt(flags, 16) & PASSING) !== 0)
      .map(([address = '']) => address),
  );
}

/** @returns an IPv6 address as 32 hexadecimal digits; any other as it is */
function expanded(address: string): string {
  if (!address.includes(':')) {
    return address;
  }
  const [head = '', tail] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const first = [head].flat();
  const last = tail ?? [];
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0');
  return [...first, ...zeros, ...last].map((group) => group.padStart(4, '0')).join('');
}
