import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { frontBefore } from '#test/runtime/front.ts';
import { connectTo, gatedRoute, openServer } from '#test/runtime/opened-http-server.ts';
import { until } from '#test/runtime/until.ts';

const HELLO = 'GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

describe('HTTP server: connections that another server accepted', () => {
  it('count with its own', async () => {
    await using server = await openServer({
      clock: new ManualClock(),
      limits: { maxConnections: 2 },
    });
    await using front = await frontBefore(server);
    const taken = await connectTo(front);
    const own = await connectTo(server);
    assert.equal(await text(await connectTo(front)), '');
    assert.equal(await text(await connectTo(server)), '');
    for (const socket of [taken, own]) {
      socket.write(HELLO);
      assert.match(await text(socket), /hello$/);
    }
    const both = [await connectTo(front), await connectTo(front)];
    assert.equal(await text(await connectTo(server)), '');
    for (const socket of both) {
      socket.write(HELLO);
      assert.match(await text(socket), /hello$/);
    }
  });

  it('bring requests that it leaves to another server, which answers within its own limits', async () => {
    const gate = gatedRoute();
    await using server = await openServer();
    await using other = await openServer({ limits: { maxRequests: 1 }, routes: gate.routes });
    await using front = await frontBefore(server);
    server.leaveRequests(other, (target) => target !== '/echo');
    const first = await connectTo(front);
    first.write('POST /gated HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await gate.arrived;
    const second = await connectTo(front);
    second.write(HELLO);
    assert.match(await text(second), /^HTTP\/1\.1 503 /);
    const third = await connectTo(front);
    third.write(
      'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi',
    );
    assert.match(await text(third), /hi$/);
    assert.deepEqual([server.requests, other.requests], [0, 1]);
    gate.open('done');
    assert.match(await text(first), /done$/);
    const own = await connectTo(server);
    own.write('POST /gated HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    assert.match(await text(own), /^HTTP\/1\.1 404 /);
  });

  it('end before it is closed: idle ones at once, a request in flight with its answer', async () => {
    const gate = gatedRoute();
    const server = await openServer({ routes: gate.routes });
    await using front = await frontBefore(server);
    const [idle, busy] = [await connectTo(front), await connectTo(front)];
    idle.write('GET /hello HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(idle, 'data');
    busy.write('POST /gated HTTP/1.1\r\nHost: a\r\n\r\n');
    await gate.arrived;
    let isClosed = false;
    const closing = server[Symbol.asyncDispose]().then(() => {
      isClosed = true;
    });
    await once(idle, 'close');
    assert.equal(isClosed, false);
    gate.open('done');
    assert.match(await text(busy), /done$/);
    await closing;
  });

  it('are cut when time is up', async () => {
    const clock = new ManualClock();
    const gate = gatedRoute();
    const server = await openServer({ clock, limits: { drainMs: 5_000 }, routes: gate.routes });
    await using front = await frontBefore(server);
    const busy = await connectTo(front);
    busy.write('POST /gated HTTP/1.1\r\nHost: a\r\n\r\n');
    await gate.arrived;
    const closing = server[Symbol.asyncDispose]();
    await until(() => server.requests === 1);
    clock.advance(5_000);
    assert.equal(await text(busy), '');
    await closing;
  });
});
