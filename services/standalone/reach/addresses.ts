import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { inTime } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';
import { ask, type Dns } from './find-service.ts';
import { ReachError } from './reach-error.ts';
import { bareHost } from './url-host.ts';

/**
 * Finds the IP addresses of a host, at least one.
 *
 * @throws {ReachError}
 */
export type AddressesOf = (host: string) => Promise<readonly string[]>;

const LOOPBACK = ['127.0.0.1', '::1'];
const TIMEOUT_MS = 5_000;
/** More addresses of a host are ignored. */
const MAX_ADDRESSES = 16;

/**
 * As the world sees the host: by the resolver, not by this machine's own `/etc/hosts`, which often
 * leads a server's own name to itself.
 */
export function addressesByDns(dns: Dns): AddressesOf {
  return async (host) => {
    const known = knownAddresses(host);
    if (known) {
      return known;
    }
    const replies = await Promise.all([ask(dns, host, 'A'), ask(dns, host, 'AAAA')]);
    const answers = replies.flatMap((reply) => reply.answers);
    const addresses = answers.flatMap((answer) =>
      answer.type === 'A' || answer.type === 'AAAA' ? [answer.data] : [],
    );
    return someOf(host, addresses);
  };
}

/** As this machine sees the host. */
export function addressesBySystem(clock: Clock): AddressesOf {
  return async (host) => {
    const known = knownAddresses(host);
    const looking = lookup(host, { all: true }).catch(() => []);
    const found = known ? [] : await inTime(clock, TIMEOUT_MS, looking, () => []);
    return (
      known ??
      someOf(
        host,
        found.map(({ address }) => address),
      )
    );
  };
}

function knownAddresses(host: string): readonly string[] | null {
  const bare = bareHost(host);
  if (isIP(bare) > 0) {
    return [bare];
  }
  return host === 'localhost' || host.endsWith('.localhost') ? LOOPBACK : null;
}

function someOf(host: string, addresses: readonly string[]): readonly string[] {
  if (addresses.length === 0) {
    throw new ReachError('no-such-host', `there is no host ${host}`, {
      remedy: `Add an A record (IPv4) or AAAA record (IPv6) for ${host} with the server’s public address.`,
    });
  }
  return addresses.slice(0, MAX_ADDRESSES);
}
