import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PeerGoneError } from '#awala/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { until } from '#test/runtime/until.ts';
import { ConfirmedFlow } from './confirmed-flow.ts';
import { type DeliverySocket, sendDelivery } from './delivery-sender.ts';

/** Takes what it is sent when it is told to. */
class HesitantSocket implements Pick<DeliverySocket, 'terminate'> {
  readonly taken: (() => void)[] = [];

  send(_data: unknown, _options: unknown, callback: (error?: Error) => void): void {
    this.taken.push(() => callback());
  }

  terminate(): void {}
}

describe('Sending a delivery', () => {
  it('ends when the connection does, though the network still takes what was handed on before', async () => {
    const clock = new ManualClock();
    const gone = new AbortController();
    const flow = new ConfirmedFlow({ clock, pings: { send() {} } });
    const socket = new HesitantSocket();
    const sending = sendDelivery(
      socket as unknown as DeliverySocket,
      { deliveryId: '1', parcel: new Uint8Array(100_000) },
      { clock, flow, senders: { add() {}, remove() {} }, network: [], signal: gone.signal },
    );
    sending.catch(() => {});
    // The head, and as many pieces as the first window has room for.
    for (let taken = 0; taken < 7; taken++) {
      await until(() => socket.taken.length > taken);
      socket.taken[taken]?.();
    }
    await until(() => socket.taken.length === 8);
    gone.abort(new Error('the collector was told to go'));
    socket.taken[7]?.();
    await assert.rejects(sending, PeerGoneError);
  });
});
