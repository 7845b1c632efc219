import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { ProcessMetrics } from '#runtime/metrics.ts';
import { createOperationsServer } from '#runtime/operations-server.ts';
import { Readiness } from '#runtime/readiness.ts';
import { releaseOf } from '#runtime/release.ts';
import { HttpClient } from '#test/peers/http-client.ts';
import { until } from '#test/runtime/until.ts';
import { assertServed, NETWORKS } from './attacker.ts';
import { Crowd } from './crowd.ts';
import { Flood } from './flood.ts';

const VISITS = 10;
const MAX_CONNECTIONS = 100;

async function openOperations(clock: ManualClock) {
  const server = createOperationsServer({
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    clock,
    service: 'poweb',
    release: releaseOf({ revision: '0123abc', imageDigest: null }),
    readiness: new Readiness({ checks: {}, clock }),
    metrics: new ProcessMetrics(),
  });
  await server.listen();
  return server;
}

/** Whether a probe is told that it lives, over a connection of its own. */
async function isLive({ port }: { readonly port: number }): Promise<boolean> {
  using client = new HttpClient(port);
  return (await client.get('/livez')).status === 200;
}

describe('Probes are answered while somebody who reaches the operations port', () => {
  for (const [which, network] of NETWORKS) {
    it(`holds all its connections, from ${which}`, async () => {
      const clock = new ManualClock();
      await using server = await openOperations(clock);
      using _crowd = await Crowd.from(network, server.port, MAX_CONNECTIONS + 20);
      const connections = promisify(server.app.server.getConnections.bind(server.app.server));
      await until(async () => (await connections()) === MAX_CONNECTIONS);
      clock.advance(server.limits.idleMs);
      await assertServed(VISITS, () => isLive(server));
    });

    it(`asks for all metrics again and again, from ${which}`, async () => {
      await using server = await openOperations(new ManualClock());
      const again = () => 'GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(4);
      await using flood = Flood.begin({ port: server.port, from: network, again });
      await until(() => flood.sent > 0);
      await assertServed(VISITS, () => isLive(server));
    });
  }
});
