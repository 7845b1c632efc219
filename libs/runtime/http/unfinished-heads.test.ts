import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ManualClock } from '#clock/manual-clock.ts';
import { connectTo, openServer, urlOf } from '#test/runtime/opened-http-server.ts';
import { until } from '#test/runtime/until.ts';

const KIB = 1_024;

describe('Requests whose headers are never complete', () => {
  it('hold no more together than they may: whoever sent most is cut', async () => {
    const clock = new ManualClock();
    await using server = await openServer({
      clock,
      limits: { maxUnfinishedHeadOctets: 64 * KIB },
    });
    const kept = await connectTo(server);
    kept.write('GET /hello HTTP/1.1\r\nHost: a\r\n');
    const greedy: Socket[] = [];
    let cut = 0;
    for (let count = 0; count < 20; count++) {
      const socket = await connectTo(server);
      socket.once('close', () => {
        cut += 1;
      });
      socket.write(`GET / HTTP/1.1\r\nx: ${'x'.repeat(10 * KIB)}`);
      greedy.push(socket);
    }
    await until(() => {
      clock.advance(1_000);
      return cut >= 14;
    });
    // Six of ten KiB fit.
    assert.equal(cut, 14);
    kept.write('\r\n');
    const [answer] = await once(kept, 'data');
    assert.match(String(answer), /hello$/);
    for (const socket of [...greedy, kept]) {
      socket.destroy();
    }
  });

  it('are not what comes of a body after its request was refused', async () => {
    const clock = new ManualClock();
    await using server = await openServer({
      clock,
      limits: { maxUnfinishedHeadOctets: 64 * KIB, maxBodyOctets: KIB },
    });
    const socket = await connectTo(server);
    let isCut = false;
    socket.once('close', () => {
      isCut = true;
    });
    const octets = 200 * KIB;
    socket.write(`POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: ${octets}\r\n\r\n`);
    const [refusal] = await once(socket, 'data');
    assert.match(String(refusal), /^HTTP\/1.1 413/);
    await new Promise((resolve) => socket.write(Buffer.alloc(octets - 1), resolve));
    for (let turn = 0; turn < 50; turn++) {
      await setImmediate();
    }
    clock.advance(1_000);
    socket.write('.GET /hello HTTP/1.1\r\nHost: a\r\n\r\n');
    const [answer] = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    assert.ok(!isCut);
    assert.match(String(answer), /hello$/);
    socket.destroy();
  });

  it('are answered 431 if they have more than a hundred headers', async () => {
    await using server = await openServer();
    const statusWith = async (count: number) => {
      const headers = Object.fromEntries(
        Array.from({ length: count }, (_, at) => [`x-${at}`, 'x']),
      );
      return (await fetch(urlOf(server, '/hello'), { headers })).status;
    };
    assert.deepEqual([await statusWith(90), await statusWith(101)], [200, 431]);
  });
});
