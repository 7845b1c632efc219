import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
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
