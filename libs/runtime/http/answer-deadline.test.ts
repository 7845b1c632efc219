import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import type { LogFields } from '#log/log.ts';
import { connectTo, gatedRoute, openServer, urlOf } from '#test/runtime/opened-http-server.ts';
import { recordingLog } from '#test/runtime/recording-log.ts';
import { until } from '#test/runtime/until.ts';

describe('HTTP server: deadlines', () => {
  it('answers 503 when a handler is late, and drops what it comes up with', async () => {
    const clock = new ManualClock();
    const gate = gatedRoute();
    await using server = await openServer({ clock, routes: gate.routes });
    const responding = fetch(urlOf(server, '/gated'), { method: 'POST' });
    await gate.arrived;
    clock.advance(2_500);
    const response = await responding;
    assert.equal(response.status, 503);
    assert.equal(response.headers.get('retry-after'), '5');
    assert.equal(await response.text(), 'The gateway took too long');
    gate.open('late');
    assert.equal(await (await fetch(urlOf(server, '/hello'))).text(), 'hello');
  });

  it('logs what a late handler throws, and lives on', async () => {
    const clock = new ManualClock();
    const gate = gatedRoute();
    const logged: [string, LogFields][] = [];
    await using server = await openServer({
      clock,
      routes: gate.routes,
      log: recordingLog(logged),
    });
    const responding = fetch(urlOf(server, '/gated'), { method: 'POST' });
    await gate.arrived;
    clock.advance(2_500);
    await (await responding).text();
    gate.fail(new Error('too late anyway'));
    await until(() => logged.some(([message]) => message.includes('after its deadline')));
  });

  it('does not count the time that the client took to send the body', async () => {
    const clock = new ManualClock();
    await using server = await openServer({ clock });
    const socket = await connectTo(server);
    socket.write(
      'POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\n12',
    );
    await until(() => server.bodiesOctets === 2);
    clock.advance(9_000);
    socket.write('34');
    assert.match(await text(socket), /^HTTP\/1\.1 200 OK[\s\S]*1234$/);
  });

  it('answers 408 to headers that never end, and closes connections that bring nothing', async () => {
    await using server = await openServer({
      limits: { headersTimeoutMs: 50, requestTimeoutMs: 100 },
    });
    const [halfway, silent] = [await connectTo(server), await connectTo(server)];
    halfway.write('GET /hello HTTP/1.1\r\nHos');
    assert.match(await text(halfway), /^HTTP\/1\.1 408 /);
    await text(silent);
  });
});
