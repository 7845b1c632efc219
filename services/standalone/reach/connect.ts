import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type PeerCertificate, TLSSocket } from 'node:tls';
import { DeadlineError, withDeadline } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';
import type { AddressesOf } from './addresses.ts';
import { connectionFault } from './connection-fault.ts';
import type { ReachError } from './reach-error.ts';

/** As long as the patient ones among the clients. */
const CONNECT_TIMEOUT_MS = 5_000;

/** A server to connect to. */
interface Server {
  /** A name, or an IP address. */
  readonly host: string;
  readonly port: number;
  readonly useTls: boolean;
  /** The application protocols to offer; the server must take the first if it is the only one. */
  readonly protocols: readonly string[];
}

interface ConnectParts {
  readonly clock: Clock;
  readonly addressesOf: AddressesOf;
  /** Certificates in PEM to trust instead of the public authorities. */
  readonly ca?: string | undefined;
}

/** A connection that was made, and closed again. */
export interface Connected {
  /** The IP address that answered. */
  readonly address: string;
  /** Addresses of the host that did not, each with the reason. */
  readonly failed: readonly { readonly address: string; readonly error: Error }[];
  /** Null without TLS. */
  readonly tls: { readonly version: string; readonly certificate: ServedCertificate } | null;
}

/** A certificate that a server showed, and that a client believes. */
interface ServedCertificate {
  readonly issuer: string;
  readonly notAfter: Date;
}

/**
 * Connects to a server as a client would, to find out whether that works: to all addresses of its
 * host at once.
 *
 * @returns what answered at the first address that did, in the DNS's order
 * @throws {ReachError} the first address's, if none answers as it must
 */
export async function connect(server: Server, parts: ConnectParts): Promise<Connected> {
  const addresses = await parts.addressesOf(server.host);
  const made: Pick<Connected, 'address' | 'tls'>[] = [];
  const failed: { readonly address: string; readonly error: ReachError }[] = [];
  const attempts = addresses.map((address) =>
    attempt(server, address, parts).then(
      (tls) => ({ address, tls }),
      (error) => ({ address, error: connectionFault(error, { ...server, address }) }),
    ),
  );
  for (const result of await Promise.all(attempts)) {
    if ('error' in result) {
      failed.push(result);
    } else {
      made.push(result);
    }
  }
  const [first] = made;
  if (!first) {
    throw failed[0]?.error ?? new Error(`${server.host} has no address`);
  }
  return { ...first, failed };
}

async function attempt(
  server: Server,
  address: string,
  { clock, ca }: ConnectParts,
): Promise<Connected['tls']> {
  const tooLate = () => new DeadlineError('the connection', CONNECT_TIMEOUT_MS);
  const socket = open(server, address, ca);
  try {
    return await withDeadline({ clock, timeoutMs: CONNECT_TIMEOUT_MS, tooLate }, async () => {
      await once(socket, socket instanceof TLSSocket ? 'secureConnect' : 'connect');
      return socket instanceof TLSSocket ? describeTls(socket, server) : null;
    });
  } finally {
    socket.on('error', () => {}).destroy();
  }
}

function open({ host, port, useTls, protocols }: Server, address: string, ca?: string): Socket {
  return useTls
    ? connectTls({
        host: address,
        port,
        ...(isIP(host) === 0 && { servername: host }),
        ...(ca !== undefined && { ca }),
        ALPNProtocols: [...protocols],
      })
    : connectTcp({ host: address, port });
}

function describeTls(socket: TLSSocket, { protocols }: Server): Connected['tls'] {
  const [sole, ...others] = protocols;
  if (sole === 'h2' && others.length === 0 && socket.alpnProtocol !== 'h2') {
    throw Object.assign(new Error('the server does not take HTTP/2'), { code: 'NO_HTTP2' });
  }
  return {
    version: socket.getProtocol() ?? 'TLS',
    certificate: servedCertificate(socket.getPeerCertificate()),
  };
}

function servedCertificate({ issuer, valid_to }: PeerCertificate): ServedCertificate {
  const { O: organisation, CN: name } = issuer;
  const words = [organisation, name].flat().filter((word) => word !== undefined);
  return { issuer: words.join(' '), notAfter: new Date(valid_to) };
}
