import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { ManualClock } from '#clock/manual-clock.ts';
import type { HttpServer } from '#runtime/http/http-server.ts';
import { openServer } from '#test/runtime/opened-http-server.ts';
import { until } from '#test/runtime/until.ts';
import { assertServed, HONEST_NETWORK, NETWORKS } from './attacker.ts';
import { Crowd, connectFrom } from './crowd.ts';

const MAX_CONNECTIONS = 100;
const VISITS = 20;
const HELLO = 'GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

/** Whether the server answers a client that comes anew. */
async function visit(server: HttpServer): Promise<boolean> {
  using client = await connectFrom(HONEST_NETWORK, server.port);
  void client.write(HELLO);
  return (await client.rest()).endsWith('hello');
}

describe('While a stranger holds all connections of a server, and says nothing', () => {
  for (const [which, network] of NETWORKS) {
    it(`from ${which}, clients are answered`, async () => {
      const clock = new ManualClock();
      await using server = await openServer({ clock, limits: { maxConnections: MAX_CONNECTIONS } });
      using _crowd = await Crowd.from(network, server.port, MAX_CONNECTIONS + 20);
      const { app } = server;
      const connections = promisify(app.server.getConnections.bind(app.server));
      await until(async () => (await connections()) === MAX_CONNECTIONS);
      clock.advance(server.limits.idleMs);
      await assertServed(VISITS, () => visit(server));
    });
  }
});
