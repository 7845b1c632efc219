import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { testsOver } from '#test/tests-over.ts';
import type { OpenedSignals, OpenSignals } from './opened-signals.ts';
import { RecordingListener } from './opened-signals.ts';

export function describeSubscriptionLife(open: OpenSignals): void {
  const test = testsOver(open);
  describe('life of a subscription', () => {
    test('brings nothing once it is closed, and leaves the others of its channel alone', async ({
      subscriber,
      publisher,
    }) => {
      const closed = new RecordingListener();
      const kept = new RecordingListener();
      const subscription = subscriber.subscribe('peer-1', closed);
      await subscription.ready;
      await subscriber.subscribe('peer-1', kept).ready;
      subscription.close();
      subscription.close();
      publisher.publish('peer-1', 'key');
      await kept.received('key');
      assert.deepEqual(closed.messages, []);
    });

    test('brings nothing that was published but not yet handed over when it was closed', async (opened) => {
      const listener = new RecordingListener();
      const subscription = opened.subscriber.subscribe('peer-1', listener);
      await subscription.ready;
      opened.publisher.publish('peer-1', 'key');
      subscription.close();
      await assertQuiet(opened, listener);
    });

    test('can be closed by its own listener', async ({ subscriber, publisher }) => {
      const messages: string[] = [];
      const subscription = subscriber.subscribe('peer-1', {
        onInterrupted() {},
        onMessage(message) {
          messages.push(message);
          subscription.close();
        },
      });
      await subscription.ready;
      const other = new RecordingListener();
      await subscriber.subscribe('peer-1', other).ready;
      publisher.publish('peer-1', 'first');
      publisher.publish('peer-1', 'second');
      await other.received('second');
      assert.deepEqual(messages, ['first']);
    });

    test('can be closed before it is ready', async (opened) => {
      const listener = new RecordingListener();
      opened.subscriber.subscribe('peer-1', listener).close();
      opened.publisher.publish('peer-1', 'key');
      await assertQuiet(opened, listener);
    });

    test('can be had again on a channel that was left', async ({ subscriber, publisher }) => {
      for (const round of ['first', 'second', 'third']) {
        const listener = new RecordingListener();
        const subscription = subscriber.subscribe('peer-1', listener);
        await subscription.ready;
        publisher.publish('peer-1', round);
        await listener.received(round);
        assert.deepEqual(listener.messages, [round]);
        subscription.close();
      }
    });
  });
}

export function describeLife(open: OpenSignals): void {
  const test = testsOver(open);
  describe('life', () => {
    test('says that it can publish and receive', async ({ subscriber, publisher }) => {
      await subscriber.check();
      await publisher.check();
    });

    test('ends every subscription when it is closed, and then refuses new ones', async ({
      subscriber,
      publisher,
    }) => {
      const listener = new RecordingListener();
      await subscriber.subscribe('peer-1', listener).ready;
      await subscriber[Symbol.asyncDispose]();
      publisher.publish('peer-1', 'key');
      const late = subscriber.subscribe('peer-1', listener);
      await assert.rejects(late.ready, BackingUnavailableError);
      await assert.rejects(subscriber.check(), BackingUnavailableError);
      late.close();
      assert.deepEqual(listener.messages, []);
    });

    test('drops what is published once it is closed, and can be closed twice', async ({
      publisher,
    }) => {
      await publisher[Symbol.asyncDispose]();
      await publisher[Symbol.asyncDispose]();
      publisher.publish('peer-1', 'key');
    });
  });
}

export function describeInterruption(open: OpenSignals): void {
  const test = testsOver(open);
  describe('interruption', () => {
    test('is reported once the subscription stands again', async (opened) => {
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
