import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { DestinationResolver } from './destination-resolver.ts';

/** A host is, or resolves to, nothing but addresses that strangers must not make us connect to. */
class ForbiddenAddressError extends Error {
  readonly code = 'FORBIDDEN_ADDRESS';

  constructor(host: string) {
    super(`connections to ${host} are not allowed`);
    this.name = 'ForbiddenAddressError';
  }
}

interface ConnectorOptions {
  readonly resolver: Pick<DestinationResolver, 'addresses'>;
  /** Whether connections to an IP address are allowed, as the system writes it. */
  readonly permits: (address: string) => boolean;
  /** Until the connection, TLS included, stands. */
  readonly connectTimeoutMs: number;
  /** Certificates in PEM to trust instead of the public authorities. */
  readonly trustedAuthorities?: string | undefined;
}

/**
 * Opens connections only to addresses that are permitted.
 *
 * The addresses that were checked are those connected to, since names are
 * resolved nowhere else; so a name cannot change its address after the check.
 */
export function guardedConnector(options: ConnectorOptions): buildConnector.connector {
  const { permits, connectTimeoutMs, trustedAuthorities } = options;
  const connect = buildConnector({
    allowH2: false,
    timeout: connectTimeoutMs,
    lookup: guardedLookup(options.resolver, permits),
    autoSelectFamily: true,
    ...(trustedAuthorities === undefined ? {} : { ca: trustedAuthorities }),
  });
  return (target, callback) => {
    const host = target.hostname.replace(/^\[(.*)\]$/, '$1');
    // A literal address is never looked up.
    if (isIP(host) && !permits(host)) {
      callback(new ForbiddenAddressError(host), null);
      return;
    }
    connect(target, (...result) => {
      const [error, socket] = result;
      if (!error && !permits(socket.remoteAddress ?? '')) {
        socket.destroy();
        callback(new ForbiddenAddressError(host), null);
      } else {
        callback(...result);
      }
    });
  };
}

function guardedLookup(
  resolver: Pick<DestinationResolver, 'addresses'>,
  permits: (address: string) => boolean,
): LookupFunction {
  return (host, { all }, callback) => {
    resolver.addresses(host).then(
      (addresses) => {
        const permitted = addresses
          .filter(permits)
          .map((address) => ({ address, family: isIP(address) }));
        const [first] = permitted;
        if (!first) {
          callback(new ForbiddenAddressError(host), '');
        } else if (all) {
          callback(null, permitted);
        } else {
          callback(null, first.address, first.family);
        }
      },
      (error: Error) => callback(error, ''),
    );
  };
}
