import { systemClock } from '#clock/clock.ts';
import { ping } from '../ping/ping.ts';
import { Resolvers } from '../reach/resolvers.ts';
import type { Command } from './command.ts';
import { readPingArguments } from './ping-arguments.ts';
import { pingTarget } from './ping-target.ts';

/** `awala-gateway ping`: sends parcels through a running gateway. */
export const pingCommand: Command = {
  usage: `Usage: awala-gateway ping [<option>…] [<address> | <URL>]

Registers a throw-away phone with a running gateway and sends parcels by every
road: PoWeb, courier, and PoHTTP as Internet apps do, each there and back; and
out to the Internet, if a receiver is named. Prints each step with its
duration; says why a step failed and what to do about it, tries the other
roads all the same, and exits with 1. The gateway cannot tell this phone from
others, so status counts it among those seen.

  <address>  an Awala address such as gateway.example.org. It is found as the
             deployed clients find it, and not otherwise: by the SRV records
             that phones, couriers and Internet apps look up, by the resolvers
             that they ask (dns.google, cloudflare-dns.com), with DNSSEC where
             they demand it, and over TLS
  <URL>      where a gateway serves PoWeb, without the DNS, such as
             http://127.0.0.1:8080

By default it pings the gateway on this machine (POWEB_PORT, POHTTP_PORT,
COGRPC_PORT).

  --resolver <URL>      ask this DNS-over-HTTPS resolver instead
  --ca <file>           trust the certificates in this file (PEM) instead of
                        the public authorities
  --cogrpc <host:port>  with a URL: where the gateway serves couriers, with TLS
                        if PoWeb has it; by default port 8082 of the URL’s
                        host, or where PoWeb is if that is https:
  --pohttp <URL>        with a URL: where it serves Internet apps; by default
                        port 8081 of the URL’s host, or where PoWeb is if that
                        is https:
  --no-cargo            skip couriers
  --no-pohttp           skip Internet apps
  --receiver <address>=<URL>
                        also send a parcel out to this address, and listen for
                        it at this URL: app.localhost=http://127.0.0.1:9000.
                        The gateway must find it: by the DNS, or by its own
                        DELIVERY_OVERRIDES
  --receiver-cert <file>, --receiver-key <file>
                        for a receiver at https: (PEM)`,
  async run({ args, environment, print }) {
    const read = await readPingArguments(args);
    await using resolvers = new Resolvers({ ...read, clock: systemClock });
    const parts = { environment, clock: systemClock, resolvers };
    const failures = await ping(pingTarget(read, parts), { print, clock: systemClock });
    return failures.length === 0 ? 0 : 1;
  },
};
