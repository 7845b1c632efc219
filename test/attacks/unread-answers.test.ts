import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { openServer } from '#test/runtime/opened-http-server.ts';
import { until } from '#test/runtime/until.ts';
import { assertServed, HONEST_NETWORK, NETWORKS } from './attacker.ts';
import { Crowd, connectFrom } from './crowd.ts';

const MAX_REQUESTS = 10;
const VISITS = 20;
/** More than the kernel takes of it while nobody reads. */
const LARGE = Buffer.alloc(32 * 1_024 * 1_024);
const HELLO = 'GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

describe('While a stranger reads none of the answers to as many requests as a server has', () => {
  for (const [which, network] of NETWORKS) {
    it(`from ${which}, clients are answered`, async () => {
      const clock = new ManualClock();
      await using server = await openServer({
        clock,
        limits: { maxRequests: MAX_REQUESTS },
        routes: (app) => app.get('/large', async () => LARGE),
      });
      using crowd = await Crowd.from(network, server.port, MAX_REQUESTS);
      for (const client of crowd.clients) {
        client.socket.pause();
        void client.write('GET /large HTTP/1.1\r\nHost: a\r\n\r\n');
      }
      await until(() => server.requests === MAX_REQUESTS);
      clock.advance(server.limits.idleMs);
      await assertServed(VISITS, async () => {
        using client = await connectFrom(HONEST_NETWORK, server.port);
        void client.write(HELLO);
        return (await client.rest()).endsWith('hello');
      });
    });
  }
});
