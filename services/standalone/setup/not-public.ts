import { BlockList, isIP } from 'node:net';
import { isPublicAddress } from '#gateway/internet-delivery/public-address.ts';

/** RFC 1918, and RFC 4193 for IPv6. */
const home = new BlockList();
home.addSubnet('10.0.0.0', 8, 'ipv4');
home.addSubnet('172.16.0.0', 12, 'ipv4');
home.addSubnet('192.168.0.0', 16, 'ipv4');
home.addSubnet('fc00::', 7, 'ipv6');

/** RFC 6598. */
const shared = new BlockList();
shared.addSubnet('100.64.0.0', 10, 'ipv4');

/** Whether it is an IPv4 address of a network behind a router. */
export function isPrivateIpv4(address: string): boolean {
  return isIP(address) === 4 && home.check(address, 'ipv4');
}

/**
 * Why the Internet does not reach an IP address, in a sentence.
 *
 * @returns null if it does
 */
export function whyNotPublic(address: string): string | null {
  if (isPublicAddress(address)) {
    return null;
  }
  return isIn(shared, address)
    ? `${address}: your provider shares its address among customers (CGNAT): nobody can reach this machine; use a rented server.`
    : `${address} is not a public address: only its own network reaches it.`;
}

/** The same for who was asked for an address, and might have looked it up in the wrong place. */
export function objectionTo(address: string): string | null {
  return isIn(home, address)
    ? `${address} is of your home network; the router’s status page shows the public one.`
    : whyNotPublic(address);
}

function isIn(networks: BlockList, address: string): boolean {
  return networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
