import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import type { OpenedSignals, OpenSignals } from './opened-signals.ts';
import { RecordingListener } from './opened-signals.ts';

export function describeSubscriptionLife(open: OpenSignals): void {
  describe('life of a subscription', () => {
    it('brings nothing once it is closed, and leaves the others of its channel alone', async () => {
      await using opened = await open();
      const closed = new RecordingListener();
      const kept = new RecordingListener();
      const subscription = opened.subscriber.subscribe('peer-1', closed);
      await subscription.ready;
      await opened.subscriber.subscribe('peer-1', kept).ready;
      subscription.close();
      subscription.close();
      opened.publisher.publish('peer-1', 'key');
      await kept.received('key');
      assert.deepEqual(closed.messages, []);
    });

    it('brings nothing that was published but not yet handed over when it was closed', async () => {
      await using opened = await open();
      const listener = new RecordingListener();
      const subscription = opened.subscriber.subscribe('peer-1', listener);
      await subscription.ready;
      opened.publisher.publish('peer-1', 'key');
      subscription.close();
      await assertQuiet(opened, listener);
    });

    it('can be closed by its own listener', async () => {
      await using opened = await open();
      const messages: string[] = [];
      const subscription = opened.subscriber.subscribe('peer-1', {
        onInterrupted() {},
        onMessage(message) {
          messages.push(message);
          subscription.close();
        },
      });
      await subscription.ready;
      const other = new RecordingListener();
      await opened.subscriber.subscribe('peer-1', other).ready;
      opened.publisher.publish('peer-1', 'first');
      opened.publisher.publish('peer-1', 'second');
      await other.received('second');
      assert.deepEqual(messages, ['first']);
    });

    it('can be closed before it is ready', async () => {
      await using opened = await open();
      const listener = new RecordingListener();
      opened.subscriber.subscribe('peer-1', listener).close();
      opened.publisher.publish('peer-1', 'key');
      await assertQuiet(opened, listener);
    });

    it('can be had again on a channel that was left', async () => {
      await using opened = await open();
      for (const round of ['first', 'second', 'third']) {
        const listener = new RecordingListener();
        const subscription = opened.subscriber.subscribe('peer-1', listener);
        await subscription.ready;
        opened.publisher.publish('peer-1', round);
        await listener.received(round);
        assert.deepEqual(listener.messages, [round]);
        subscription.close();
      }
    });
  });
}

export function describeLife(open: OpenSignals): void {
  describe('life', () => {
    it('says that it can publish and receive', async () => {
      await using opened = await open();
      await opened.subscriber.check();
      await opened.publisher.check();
    });

    it('ends every subscription when it is closed, and then refuses new ones', async () => {
      await using opened = await open();
      const listener = new RecordingListener();
      await opened.subscriber.subscribe('peer-1', listener).ready;
      await opened.subscriber[Symbol.asyncDispose]();
      opened.publisher.publish('peer-1', 'key');
      const late = opened.subscriber.subscribe('peer-1', listener);
      await assert.rejects(late.ready, BackingUnavailableError);
      await assert.rejects(opened.subscriber.check(), BackingUnavailableError);
      late.close();
      assert.deepEqual(listener.messages, []);
    });

    it('drops what is published once it is closed, and can be closed twice', async () => {
      await using opened = await open();
      await opened.publisher[Symbol.asyncDispose]();
      await opened.publisher[Symbol.asyncDispose]();
      opened.publisher.publish('peer-1', 'key');
    });
  });
}

export function describeInterruption(open: OpenSignals): void {
  describe('interruption', () => {
    it('is reported once the subscription stands again', async () => {
      await using opened = await open();
      assert.ok(opened.interrupt, 'signals over a connection can have it interrupted');
      const listener = new RecordingListener();
      await opened.subscriber.subscribe('peer-1', listener).ready;
      await opened.interrupt(() => opened.publisher.publish('peer-1', 'lost'));
      await listener.until(() => listener.interruptions > 0);
      opened.publisher.publish('peer-1', 'key');
      await listener.received('key');
    });
  });
}

/** Waits until another listener of the channel has what was published last. */
async function assertQuiet(opened: OpenedSignals, listener: RecordingListener): Promise<void> {
  const witness = new RecordingListener();
  await opened.subscriber.subscribe('peer-1', witness).ready;
  opened.publisher.publish('peer-1', 'last');
  await witness.received('last');
  assert.deepEqual(listener.messages, []);
}
