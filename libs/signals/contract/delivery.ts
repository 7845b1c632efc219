import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { testsOver } from '#test/tests-over.ts';
import { type OpenSignals, RecordingListener } from './opened-signals.ts';

export function describeDelivery(open: OpenSignals): void {
  const test = testsOver(open);
  describe('delivery', () => {
    test('brings every message published once the subscription is ready, in order', async ({
      subscriber,
      publisher,
    }) => {
      const listener = new RecordingListener();
      await subscriber.subscribe('peer-1', listener).ready;
      const messages = Array.from({ length: 1_000 }, (_, index) => `key/${index}`);
      for (const message of messages) {
        publisher.publish('peer-1', message);
      }
      await listener.received('key/999');
      assert.deepEqual(listener.messages, messages);
      assert.equal(listener.interruptions, 0);
    });

    test('keeps a message as it is', async ({ subscriber, publisher }) => {
      const listener = new RecordingListener();
      await subscriber.subscribe('peer-1', listener).ready;
      const messages = ['', 'ñ 漢 🛰\u0000\r\n', 'k'.repeat(16_384)];
      for (const message of messages) {
        publisher.publish('peer-1', message);
      }
      await listener.until(() => listener.messages.length === messages.length);
      assert.deepEqual(listener.messages, messages);
    });

    test('keeps channels apart, also those whose names look like patterns', async ({
      subscriber,
      publisher,
    }) => {
      const names = ['peer-1', 'peer-*', 'peer-?', 'peer-[1]', 'PEER-1'];
      const listeners = names.map(() => new RecordingListener());
      for (const [index, listener] of listeners.entries()) {
        await subscriber.subscribe(names[index] ?? '', listener).ready;
      }
      for (const name of [...names, 'peer-2']) {
        publisher.publish(name, `for ${name}`);
      }
      for (const [index, listener] of listeners.entries()) {
        publisher.publish(names[index] ?? '', 'last');
        await listener.received('last');
        assert.deepEqual(listener.messages, [`for ${names[index]}`, 'last']);
      }
    });

    test('brings a message to every subscription of its channel', async ({
      subscriber,
      publisher,
    }) => {
      const listeners = [new RecordingListener(), new RecordingListener()];
      await Promise.all(
        listeners.map((listener) => subscriber.subscribe('peer-1', listener).ready),
      );
      publisher.publish('peer-1', 'key');
      await Promise.all(listeners.map((listener) => listener.received('key')));
      assert.deepEqual(
        listeners.map((listener) => listener.messages),
        [['key'], ['key']],
      );
    });

    test('calls no listener while it is publishing', async ({ subscriber, publisher }) => {
      const listener = new RecordingListener();
      await subscriber.subscribe('peer-1', listener).ready;
      publisher.publish('peer-1', 'key');
      assert.deepEqual(listener.messages, []);
      await listener.received('key');
    });

    test('lets a listener publish and subscribe', async ({ subscriber, publisher }) => {
      const listener = new RecordingListener();
      await subscriber.subscribe('peer-1', {
        onInterrupted() {},
        onMessage() {
          void subscriber
            .subscribe('peer-2', listener)
            .ready.then(() => publisher.publish('peer-2', 'answer'));
        },
      }).ready;
      publisher.publish('peer-1', 'question');
      await listener.received('answer');
    });

    test('takes messages for a channel that nobody subscribed to', async ({ publisher }) => {
      publisher.publish('nobody', 'key');
      await publisher.check();
    });

    test('brings on what comes after a listener that throws, to it and to others', async ({
      subscriber,
      publisher,
    }) => {
      const before = new RecordingListener();
      const after = new RecordingListener();
      let calls = 0;
      await subscriber.subscribe('peer-1', before).ready;
      await subscriber.subscribe('peer-1', {
        onInterrupted() {},
        onMessage() {
          calls++;
          throw new Error('a listener that breaks its promise');
        },
      }).ready;
      await subscriber.subscribe('peer-1', after).ready;
      publisher.publish('peer-1', 'first');
      publisher.publish('peer-1', 'second');
      await Promise.all([before.received('second'), after.received('second')]);
      assert.equal(calls, 2);
    });
  });
}
