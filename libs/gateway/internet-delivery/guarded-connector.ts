import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { DestinationResolver } from './destination-resolver.ts';

/** A host that only has addresses to which strangers must not make us connect. */
class ForbiddenAddressError extends Error {
  readonly code = 'FORBIDDEN_ADDRESS';

  constructor(host: string) {
    super(`connections to ${host} are not allowed`);
    this.name = 'ForbiddenAddressError';
  }
}

interface ConnectorOptions {
  readonly resolver: Pick<DestinationResolver, 'addresses'>;
  /** Whether to allow connections to an IP address, as the system writes it. */
  readonly permits: (address: string) => boolean;
  /** For the connection, including TLS. */
  readonly connectTimeoutMs: number;
  /** Certificates in PEM to trust instead of the public authorities. */
  readonly trustedAuthorities?: string | undefined;
}

/**
 * Opens connections to permitted addresses only.
 *
 * Connects to the very addresses that it checked, since names are resolved nowhere else: a name
 * cannot change its address after the check.
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
    // Literal addresses are never looked up.
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
