import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { systemClock } from '#clock/clock.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { connectTo, gatedRoute, openServer, urlOf } from '#test/runtime/opened-http-server.ts';
import { until } from '#test/runtime/until.ts';
import { HttpServer } from './http-server.ts';

describe('HTTP server: load', () => {
  it('answers 503 past its number of requests in flight', async () => {
    const gate = gatedRoute();
    await using server = await openServer({ limits: { maxRequests: 1 }, routes: gate.routes });
    const first = fetch(urlOf(server, '/gated'), { method: 'POST' });
    await gate.arrived;
    const second = await fetch(urlOf(server, '/hello'));
    assert.equal(second.status, 503);
    assert.equal(second.headers.get('retry-after'), '5');
    await second.text();
    gate.open('done');
    assert.equal(await (await first).text(), 'done');
    await until(() => server.requests === 0);
    assert.equal((await fetch(urlOf(server, '/hello'))).status, 200);
  });

  it('takes no more connections than it may', async () => {
    await using server = await openServer({
      clock: new ManualClock(),
      limits: { maxConnections: 1 },
    });
    const first = await connectTo(server);
    const second = await connectTo(server);
    assert.equal(await text(second), '');
    first.write('GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    assert.match(await text(first), /hello$/);
  });

  it('frees the place of a client that left before its answer', async () => {
    const gate = gatedRoute();
    await using server = await openServer({ limits: { maxRequests: 1 }, routes: gate.routes });
    const socket = await connectTo(server);
    socket.write('POST /gated HTTP/1.1\r\nHost: a\r\n\r\n');
    await gate.arrived;
    socket.destroy();
    await until(() => server.requests === 0);
    assert.equal((await fetch(urlOf(server, '/hello'))).status, 200);
    gate.open('done');
  });
});

describe('HTTP server: refusals', () => {
  it('leave nothing with their connection, however many it is told', async () => {
    await using server = await openServer({ clock: new ManualClock() });
    const accepted = once(server.app.server, 'connection');
    const client = await connectTo(server);
    const [connection] = await accepted;
    let answers = 0;
    client.on('data', (octets) => {
      answers += String(octets).split('HTTP/1.1 404').length - 1;
    });
    const refused = 'POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n';
    let listeners = 0;
    for (let count = 1; count <= 20; count++) {
      client.write(refused);
      await until(() => answers === count);
      client.write('a');
      if (count === 1) {
        listeners = connection.listenerCount('close');
      }
    }
    const listenersNow = connection.listenerCount('close');
    client.destroy();
    assert.equal(listenersNow, listeners);
  });
});

describe('HTTP server: closing', () => {
  it('ends idle connections at once, and lets a request in flight end with its connection', async () => {
    const gate = gatedRoute();
    const server = await openServer({ routes: gate.routes });
    const [idle, busy] = [await connectTo(server), await connectTo(server)];
    idle.write('GET /hello HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(idle, 'data');
    busy.write('POST /gated HTTP/1.1\r\nHost: a\r\n\r\n');
    await gate.arrived;
    const closing = server[Symbol.asyncDispose]();
    await once(idle, 'close');
    gate.open('done');
    const answer = await text(busy);
    assert.match(answer, /^HTTP\/1\.1 200 OK/);
    assert.match(answer, /connection: close/i);
    assert.match(answer, /done$/);
    await closing;
  });

  it('cuts requests that do not end in time, and upgraded connections too', async () => {
    const clock = new ManualClock();
    const gate = gatedRoute();
    const server = await openServer({
      clock,
      limits: { answerWithinMs: 60_000 },
      routes: gate.routes,
    });
    server.app.server.on('upgrade', (_request, socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
    });
    const [stuck, upgraded] = [await connectTo(server), await connectTo(server)];
    upgraded.write('GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
    await once(upgraded, 'data');
    stuck.write('POST /gated HTTP/1.1\r\nHost: a\r\n\r\n');
    await gate.arrived;
    const closing = server[Symbol.asyncDispose]();
    clock.advance(server.limits.drainMs);
    await closing;
    await Promise.all([text(stuck).catch(() => ''), text(upgraded).catch(() => '')]);
    gate.open('done');
  });

  it('answers the request that a connection just made is about to bring', async () => {
    const server = await openServer({ clock: new ManualClock() });
    const accepted = once(server.app.server, 'connection');
    const newcomer = await connectTo(server);
    await accepted;
    const closing = server[Symbol.asyncDispose]();
    newcomer.write('GET /hello HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.match(await text(newcomer), /hello$/);
    await closing;
  });

  it('waits a second for that, and no longer', async () => {
    const clock = new ManualClock();
    const server = await openServer({ clock });
    const accepted = once(server.app.server, 'connection');
    const newcomer = await connectTo(server);
    await accepted;
    const closing = server[Symbol.asyncDispose]();
    clock.advance(1_000);
    assert.equal(await text(newcomer), '');
    await closing;
  });

  it('can first end requests alone: more are answered 503, upgrades go on', async () => {
    const gate = gatedRoute();
    await using server = await openServer({ clock: new ManualClock(), routes: gate.routes });
    server.app.server.on('upgrade', (_request, socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
    });
    const first = fetch(urlOf(server, '/gated'), { method: 'POST' });
    await gate.arrived;
    const ended = server.endRequests(10_000);
    assert.equal((await fetch(urlOf(server, '/hello'))).status, 503);
    const upgraded = await connectTo(server);
    upgraded.write(
      'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    );
    assert.match(await text(upgraded), /^HTTP\/1\.1 101 /);
    gate.open('done');
    assert.equal(await (await first).text(), 'done');
    await ended;
  });

  it('cuts requests that do not end in the time given', async () => {
    const clock = new ManualClock();
    const gate = gatedRoute();
    await using server = await openServer({ clock, routes: gate.routes });
    const stuck = await connectTo(server);
    stuck.write('POST /gated HTTP/1.1\r\nHost: a\r\n\r\n');
    await gate.arrived;
    const ended = server.endRequests(1_000);
    clock.advance(1_000);
    assert.equal(await text(stuck), '');
    await ended;
    gate.open('done');
  });

  it('can be closed without ever having listened, and twice', async () => {
    const server = new HttpServer({
      name: 'test',
      host: '127.0.0.1',
      port: 0,
      log: silentLog,
      clock: systemClock,
    });
    await server[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it('fails to listen where something else does, and names the address', async () => {
    await using server = await openServer();
    await using second = new HttpServer({
      name: 'second',
      host: '127.0.0.1',
      port: server.port,
      log: silentLog,
      clock: systemClock,
    });
    await assert.rejects(second.listen(), new RegExp(`127\\.0\\.0\\.1:${server.port}`));
  });
});
