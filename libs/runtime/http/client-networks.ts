import { isIP, type Socket } from 'node:net';
import { NO_PROXIES, type TrustedProxies } from './trusted-proxies.ts';

/**
 * Where a client is, as far as fair shares go by it: who has one address has the rest of its network,
 * and an address costs more than a key.
 */
interface ClientNetwork {
  /** An IPv4 address, or the /64 of an IPv6 address. */
  readonly narrow: string;
  /** The same IPv4 address, or the /48, which one customer of a provider may have to himself. */
  readonly wide: string;
}

/** Of connections whose address the system does not know any more. */
const UNKNOWN: ClientNetwork = { narrow: 'unknown', wide: 'unknown' };

/** Tells clients' networks. */
export class ClientNetworks {
  readonly #proxies: TrustedProxies;

  /** @param proxies - those who add their client's address to `X-Forwarded-For` */
  constructor(proxies: TrustedProxies = NO_PROXIES) {
    this.#proxies = proxies;
  }

  /**
   * @param address - of the peer of the connection, as the system writes it
   * @param forwardedFor - the value of `X-Forwarded-For`; of several, one after the other with
   * commas between them
   */
  of(address: string | undefined, forwardedFor?: unknown): ClientNetwork {
    const client = this.#clientOf(address, forwardedFor);
    return client === undefined ? UNKNOWN : networkOf(client);
  }

  /**
   * The same as names of groups, the widest first, as fair shares want them.
   *
   * @param forwardedFor - as for {@link of}
   */
  pathOf(address: string | undefined, forwardedFor?: unknown): readonly string[] {
    const { narrow, wide } = this.of(address, forwardedFor);
    return narrow === wide ? [narrow] : [wide, narrow];
  }

  /**
   * The same of a connection. Those of a trusted proxy are a group each: whose they are, only their
   * requests say.
   */
  pathOfConnection(connection: Socket): readonly string[] {
    const { remoteAddress, remotePort } = connection;
    return this.isProxy(connection)
      ? [`${remoteAddress} ${remotePort}`]
      : this.pathOf(remoteAddress);
  }

  /** Whether a trusted proxy opened the connection, for many clients. */
  isProxy({ remoteAddress }: Socket): boolean {
    return this.#proxies.includes(remoteAddress);
  }

  /**
   * The last address that is not a trusted proxy's: what stands before it may be the client's own
   * invention. Where a proxy wrote no address, that proxy is the client.
   */
  #clientOf(address: string | undefined, forwardedFor: unknown): string | undefined {
    const forwarded = typeof forwardedFor === 'string' ? forwardedFor.split(',') : [];
    let client = address;
    while (this.#proxies.includes(client)) {
      const next = addressIn(forwarded.pop() ?? '');
      if (next === null) {
        break;
      }
      client = next;
    }
    return client;
  }
}

/** @param entry - an address, which some proxies write with its port */
function addressIn(entry: string): string | null {
  const text = entry.trim();
  const [, bracketed, dotted] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(text) ?? [];
  const address = bracketed ?? dotted ?? text;
  return isIP(address) === 0 ? null : address;
}

/** @param address - which {@link isIP} takes for one */
function networkOf(address: string): ClientNetwork {
  if (isIP(address) !== 6) {
    return { narrow: address, wide: address };
  }
  const groups = groupsOf(address);
  const mapped = mappedIn(groups);
  if (mapped !== null) {
    return { narrow: mapped, wide: mapped };
  }
  const prefix = (length: number) => groups.slice(0, length).map(inHex).join(':');
  return { narrow: `${prefix(4)}::/64`, wide: `${prefix(3)}::/48` };
}

/** The eight groups of an IPv6 address, whichever way it is written. */
function groupsOf(address: string): readonly number[] {
  const [before = '', after] = address.replace(/%.*$/, '').split('::');
  const head = parseGroups(before);
  const tail = parseGroups(after ?? '');
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function parseGroups(text: string): readonly number[] {
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) {
      const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
      return [a * 256 + b, c * 256 + d];
    }
    return group === '' ? [] : [Number.parseInt(group, 16)];
  });
}

/** An IPv4 address as systems write it that serve both on one socket (RFC 4291 §2.5.5.2). */
function mappedIn(groups: readonly number[]): string | null {
  const [high = 0, low = 0] = groups.slice(6);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return isMapped ? [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.') : null;
}

function inHex(group: number): string {
  return group.toString(16);
}
