import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import type { LogFields } from '#log/log.ts';
import { Crowd } from '#test/attacks/crowd.ts';
import { openServer } from '#test/runtime/opened-http-server.ts';
import { recordingLog } from '#test/runtime/recording-log.ts';
import { until } from '#test/runtime/until.ts';
import type { HttpServer } from './http-server.ts';

/** What a request takes. */
const EACH_MS = 20;
const RUSH = 200;
const HONEST = '127.0.0.1';
const FLOOD = '127.0.0.2';

interface Worked {
  readonly by: string;
  readonly atMs: number;
}

/** A server whose requests take so long that the clock shows it. */
async function openSlowServer() {
  const clock = new ManualClock();
  const worked: Worked[] = [];
  const gaveWay: string[] = [];
  const logged: [string, LogFields][] = [];
  const onWork = { call: () => {} };
  const server = await openServer({
    clock,
    log: recordingLog(logged),
    onOverShare: (what) => gaveWay.push(what),
    routes: (app) =>
      app.post<{ Params: { by: string } }>('/work/:by', async ({ params }) => {
        worked.push({ by: params.by, atMs: clock.elapsedMs() });
        clock.advance(EACH_MS);
        onWork.call();
        return '';
      }),
  });
  return { server, clock, worked, gaveWay, logged, onWork };
}

/** All at once. @returns the statuses */
async function rush(crowd: Crowd, by = 'somebody'): Promise<number[]> {
  const asking = crowd.clients.map((client, index) => {
    void client.write(
      `POST /work/${by}-${index} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody`,
    );
    return client.status();
  });
  return Promise.all(asking);
}

/** Until the server knows how long they take. */
async function rushUntilKnown(server: HttpServer): Promise<void> {
  for (let times = 0; times < 2; times += 1) {
    using crowd = await crowdOf(FLOOD, server, RUSH);
    await rush(crowd);
  }
}

/** Node accepts connections one by one, and shall see their requests all at once. */
async function crowdOf(network: string, server: HttpServer, count: number): Promise<Crowd> {
  let accepted = 0;
  const onConnection = () => {
    accepted += 1;
  };
  server.app.server.on('connection', onConnection);
  const crowd = await Crowd.from(network, server.port, count);
  await until(() => accepted === count);
  server.app.server.off('connection', onConnection);
  return crowd;
}

const served = (statuses: readonly number[]) => statuses.filter((status) => status === 200).length;

describe('When more requests come than can be done', () => {
  it('a rush is served whole while nobody waits too long', async () => {
    const { server } = await openSlowServer();
    await using _server = server;
    using crowd = await crowdOf(HONEST, server, 50);
    await rushUntilKnown(server);
    assert.equal(served(await rush(crowd)), 50);
  });

  it('as many are served as need not wait for over a second, the rest are told at once', async () => {
    const { server, clock, worked, logged } = await openSlowServer();
    await using _server = server;
    using crowd = await crowdOf(HONEST, server, RUSH);
    await rushUntilKnown(server);
    worked.length = 0;
    const startMs = clock.elapsedMs();
    const statuses = await rush(crowd);
    assert.ok(served(statuses) >= 50, `${served(statuses)}`);
    assert.ok(served(statuses) <= 110, `${served(statuses)}`);
    assert.equal(served(statuses) + statuses.filter((status) => status === 503).length, RUSH);
    const longestMs = Math.max(...worked.map(({ atMs }) => atMs - startMs));
    assert.ok(longestMs < 2_300, `${longestMs} ms`);
    const [, fields] = logged.find(([line]) => line === 'warn Told requests to come later') ?? [];
    assert.equal(fields?.server, 'test');
    assert.ok(Number(fields?.requests) > 50);
  });

  it('whoever was told to come later is served later, on the same connection', async () => {
    const { server } = await openSlowServer();
    await using _server = server;
    using crowd = await crowdOf(HONEST, server, RUSH);
    await rushUntilKnown(server);
    assert.ok((await rush(crowd)).includes(503));
    for (const client of crowd.clients) {
      await client.write('GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      assert.match(await client.rest(), /HTTP\/1\.1 200 OK[\s\S]*hello$/);
    }
  });

  it('a network that floods is told first, and others have their turns between its requests', async () => {
    const { server, worked, gaveWay } = await openSlowServer();
    await using _server = server;
    using flood = await crowdOf(FLOOD, server, RUSH);
    using honest = await crowdOf(HONEST, server, 5);
    await rushUntilKnown(server);
    worked.length = 0;
    const [statuses, ofHonest] = await Promise.all([rush(flood, 'flood'), rush(honest, 'honest')]);
    assert.deepEqual(ofHonest, [200, 200, 200, 200, 200]);
    assert.ok(statuses.includes(503));
    assert.ok(gaveWay.includes('requests'));
    const last = worked.findLastIndex(({ by }) => by.startsWith('honest'));
    assert.ok(last < 40, `the last honest one was number ${last} of ${worked.length}`);
  });

  it('whoever waited too long after all, as the machine stood still, is told to come later', async () => {
    const { server, clock, worked, onWork } = await openSlowServer();
    await using _server = server;
    using crowd = await crowdOf(HONEST, server, 60);
    await rushUntilKnown(server);
    worked.length = 0;
    onWork.call = () => clock.advance(worked.length === 17 ? 2_000 : 0);
    const statuses = await rush(crowd);
    assert.ok(served(statuses) < 34, `${served(statuses)}`);
    assert.equal(served(statuses) + statuses.filter((status) => status === 503).length, 60);
  });

  it('nothing is done for a client that left while it waited', async () => {
    const { server, worked, onWork } = await openSlowServer();
    await using _server = server;
    using crowd = await crowdOf(HONEST, server, 50);
    await rushUntilKnown(server);
    const leaver = crowd.clients.at(-1);
    onWork.call = () => leaver?.vanish();
    const asking = crowd.clients.map(async (client, index) => {
      void client.write(`POST /work/${index} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
      return client === leaver ? 0 : client.status();
    });
    assert.equal(served(await Promise.all(asking)), 49);
    assert.ok(!worked.some(({ by }) => by === '49'));
  });
});
