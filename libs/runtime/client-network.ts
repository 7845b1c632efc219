import { isIPv6 } from 'node:net';

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const GROUPS = 8;

/**
 * The network that a client's address belongs to, from the widest to the narrowest: an IPv4 address
 * by itself; of an IPv6 address the /48, which a provider gives to a site, and the /64, in which a
 * client has any address that it likes.
 *
 * @param address - of a connection, as the system writes it; undefined if that is closed
 */
export function networkOf(address: string | undefined): readonly string[] {
  const [, mapped] = MAPPED_IPV4.exec(address ?? '') ?? [];
  if (mapped !== undefined || address === undefined || !isIPv6(address)) {
    return [mapped ?? address ?? 'unknown'];
  }
  const groups = groupsOf(address);
  return [3, 4].map((count) => `${groups.slice(0, count).join(':')}::/${count * 16}`);
}

/** Its eight groups; the last two may be one in IPv4's form, as only the first four are of use. */
function groupsOf(address: string): readonly string[] {
  const [withoutZone = ''] = address.split('%');
  const [head = '', tail] = withoutZone.split('::');
  const before = head.split(':').filter(Boolean);
  const after = (tail ?? '').split(':').filter(Boolean);
  const missing = tail === undefined ? 0 : GROUPS - before.length - after.length;
  const all = [...before, ...Array.from({ length: Math.max(0, missing) }, () => '0'), ...after];
  return all.map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''));
}
