import type { Http2Server } from 'node:http2';
import type { Server } from '@grpc/grpc-js';

/**
 * Lets couriers have `windowOctets` under way on each connection, and in each
 * call. HTTP/2's own 64 KiB let a courier upload no more than that in a round
 * trip, so that a cargo of megabytes takes longer than the deployed couriers give
 * a call.
 *
 * grpc-js has this setting for clients alone. For the server its type checker
 * tells when the fields used here go away.
 *
 * @param server - whose connection injectors exist already
 */
export function widenWindows(server: Server, windowOctets: number): void {
  // biome-ignore lint/complexity/useLiteralKeys: TypeScript lets private fields be read this way only.
  for (const http2Server of server['http2Servers'].keys() as Iterable<Http2Server>) {
    http2Server.on('session', (session) => {
      session.settings({ initialWindowSize: windowOctets });
      session.setLocalWindowSize(windowOctets);
    });
  }
}
