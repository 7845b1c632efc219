import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { ClientNetworks } from '#runtime/http/client-networks.ts';
import { frontBefore } from '#test/runtime/front.ts';
import { until } from '#test/runtime/until.ts';
import { Handshakes } from './handshakes.ts';

describe('handshakes under way', () => {
  const clock = new ManualClock();

  async function opened(port: number): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket.resume();
  }

  it('one too many cuts the oldest, and those that are over count no more', async () => {
    const handshakes = new Handshakes(
      { max: 2, idleMs: 0, timeoutMs: 1_000 },
      clock,
      new ClientNetworks(),
    );
    const accepted: Socket[] = [];
    await using front = await frontBefore({
      take(connection) {
        accepted.push(connection);
        handshakes.began(connection);
      },
    });
    const clients: Socket[] = [];
    for (const count of [1, 2]) {
      clients.push(await opened(front.port));
      await until(() => accepted.length === count);
    }
    const [over, oldest] = accepted;
    assert.ok(over && oldest);
    handshakes.ended(over);
    clients.push(await opened(front.port), await opened(front.port));
    await until(() => oldest.destroyed);
    assert.equal(handshakes.size, 2);
    assert.equal(over.destroyed, false);
    clock.advance(1_000);
    await until(() => handshakes.size === 0);
    assert.equal(over.destroyed, false);
    over.destroy();
  });
});
