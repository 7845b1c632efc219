import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { connectTo, gatedRoute, openServer, urlOf } from '#test/runtime/opened-http-server.ts';
import { until } from '#test/runtime/until.ts';

describe('HTTP server: bodies', () => {
  for (const type of [
    'application/vnd.awala.parcel',
    'text/plain; charset=utf-8',
    'application/json',
    null,
  ]) {
    it(`gives a body of type ${type} as it came`, async () => {
      await using server = await openServer();
      const body = Buffer.from('{"not": json\u0000ñ');
      const headers = type === null ? {} : { 'content-type': type };
      const response = await fetch(urlOf(server, '/echo'), { method: 'POST', body, headers });
      assert.equal(response.status, 200);
      assert.deepEqual(Buffer.from(await response.arrayBuffer()), body);
    });
  }

  it('gives an empty body where there is none', async () => {
    await using server = await openServer({
      routes: (app) =>
        app.post('/length', async ({ body }) => String(Buffer.isBuffer(body) && body.length)),
    });
    const response = await fetch(urlOf(server, '/length'), { method: 'POST' });
    assert.equal(await response.text(), '0');
  });

  it('takes a body of the largest size, of declared and of unknown length', async () => {
    await using server = await openServer({ limits: { maxBodyOctets: 100_000 } });
    const body = Buffer.alloc(100_000, 'x');
    for (const sent of [body, streamOf(body)]) {
      const init = { method: 'POST', body: sent, duplex: 'half' } as const;
      const response = await fetch(urlOf(server, '/echo'), init);
      assert.equal((await response.bytes()).length, 100_000);
    }
    assert.equal(server.bodiesOctets, 0);
  });

  it('answers 413 to one octet more, and then takes the next request on that connection', async () => {
    await using server = await openServer({ limits: { maxBodyOctets: 9_437_184 } });
    const socket = await connectTo(server);
    socket.write('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9437185\r\n\r\n');
    socket.write(Buffer.alloc(9_437_185));
    socket.write('GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const answers = await text(socket);
    assert.match(answers, /^HTTP\/1\.1 413 /);
    assert.match(answers, /The body is over 9437184 octets/);
    assert.match(answers, /HTTP\/1\.1 200 OK[\s\S]*hello$/);
  });

  it('answers 413 to one octet more of a body of unknown length', async () => {
    await using server = await openServer({ limits: { maxBodyOctets: 1_000 } });
    const init = { method: 'POST', body: streamOf(Buffer.alloc(1_001)), duplex: 'half' } as const;
    const response = await fetch(urlOf(server, '/echo'), init);
    assert.equal(response.status, 413);
    await response.text();
    assert.equal(server.bodiesOctets, 0);
  });

  it('lets a route set its own limit', async () => {
    await using server = await openServer({
      routes: (app) => app.post('/small', { bodyLimit: 10 }, async () => 'ok'),
    });
    const statuses = await Promise.all(
      [10, 11].map(async (length) => {
        const init = { method: 'POST', body: Buffer.alloc(length) };
        return (await fetch(urlOf(server, '/small'), init)).status;
      }),
    );
    assert.deepEqual(statuses, [200, 413]);
  });

  it('answers 503 while the bodies of others take up all that may be held', async () => {
    const gate = gatedRoute();
    const limits = { maxBodiesOctets: 1_000 };
    await using server = await openServer({ limits, routes: gate.routes });
    const init = { method: 'POST', body: Buffer.alloc(600) };
    const first = fetch(urlOf(server, '/gated'), init);
    await gate.arrived;
    assert.equal(server.bodiesOctets, 600);
    const second = await fetch(urlOf(server, '/echo'), init);
    assert.equal(second.status, 503);
    await second.text();
    gate.open('done');
    assert.equal(await (await first).text(), 'done');
    const third = await fetch(urlOf(server, '/echo'), init);
    assert.equal(third.status, 200);
  });

  it('answers 408 to a client that becomes too slow, and disturbs nobody else', async () => {
    const clock = new ManualClock();
    await using server = await openServer({ clock });
    const { bodyPauseMs, leastBodyOctets, lingerMs } = server.limits;
    const socket = await connectTo(server);
    socket.write('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n');
    socket.write(Buffer.alloc(leastBodyOctets));
    await until(() => server.bodiesOctets === leastBodyOctets);
    clock.advance(bodyPauseMs);
    socket.write(Buffer.alloc(leastBodyOctets - 1));
    await until(() => server.bodiesOctets === 2 * leastBodyOctets - 1);
    clock.advance(bodyPauseMs - 1);
    assert.equal(await (await fetch(urlOf(server, '/hello'))).text(), 'hello');
    clock.advance(1);
    const [answer] = await once(socket, 'data');
    assert.match(String(answer), /^HTTP\/1\.1 408 [\s\S]*The body came too slowly$/);
    clock.advance(lingerMs);
    await once(socket, 'close');
    assert.equal(server.bodiesOctets, 0);
    assert.equal(server.requests, 0);
  });

  it('forgets the body of a client that left in the middle', async () => {
    await using server = await openServer();
    const socket = await connectTo(server);
    socket.write('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345');
    await until(() => server.bodiesOctets === 5);
    socket.destroy();
    await until(() => server.bodiesOctets === 0 && server.requests === 0);
  });
});

function streamOf(body: Uint8Array): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < body.length; at += 1_000) {
        controller.enqueue(body.subarray(at, at + 1_000));
      }
      controller.close();
    },
  });
}
