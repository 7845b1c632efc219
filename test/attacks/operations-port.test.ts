import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { HttpClient } from '#test/peers/http-client.ts';
import { openOperations } from '#test/runtime/opened-operations.ts';
import { until } from '#test/runtime/until.ts';
import { assertServed, NETWORKS } from './attacker.ts';
import { Crowd } from './crowd.ts';
import { Flood } from './flood.ts';

const VISITS = 10;
const MAX_CONNECTIONS = 100;

/** Whether a probe is told that it lives, over a connection of its own. */
async function isLive({ port }: { readonly port: number }): Promise<boolean> {
  using client = new HttpClient(port);
  return (await client.get('/livez')).status === 200;
}

describe('Probes are answered while somebody who reaches the operations port', () => {
  for (const [which, network] of NETWORKS) {
    it(`holds all its connections, from ${which}`, async () => {
      await using opened = await openOperations();
      const { server, clock } = opened;
      using _crowd = await Crowd.from(network, server.port, MAX_CONNECTIONS + 20);
      const connections = promisify(server.app.server.getConnections.bind(server.app.server));
      await until(async () => (await connections()) === MAX_CONNECTIONS);
      clock.advance(server.limits.idleMs);
      await assertServed(VISITS, () => isLive(server));
    });

    it(`asks for all metrics again and again, from ${which}`, async () => {
      await using opened = await openOperations();
      const { server } = opened;
      const again = () => 'GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(4);
      await using flood = Flood.begin({ port: server.port, from: network, again });
      await until(() => flood.sent > 0);
      await assertServed(VISITS, () => isLive(server));
    });
  }
});
