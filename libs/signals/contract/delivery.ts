import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type OpenSignals, RecordingListener } from './opened-signals.ts';

export function describeDelivery(open: OpenSignals): void {
  describe('delivery', () => {
    it('brings every message published once the subscription is ready, in order', async () => {
      await using opened = await open();
      const listener = new RecordingListener();
      await opened.subscriber.subscribe('peer-1', listener).ready;
      const messages = Array.from({ length: 1_000 }, (_, index) => `key/${index}`);
      for (const message of messages) {
        opened.publisher.publish('peer-1', message);
      }
      await listener.received('key/999');
      assert.deepEqual(listener.messages, messages);
      assert.equal(listener.interruptions, 0);
    });

    it('keeps a message as it is', async () => {
      await using opened = await open();
      const listener = new RecordingListener();
      await opened.subscriber.subscribe('peer-1', listener).ready;
      const messages = ['', 'ñ 漢 🛰\u0000\r\n', 'k'.repeat(16_384)];
      for (const message of messages) {
        opened.publisher.publish('peer-1', message);
      }
      await listener.until(() => listener.messages.length === messages.length);
      assert.deepEqual(listener.messages, messages);
    });

    it('keeps channels apart, also those whose names look like patterns', async () => {
      await using opened = await open();
      const names = ['peer-1', 'peer-*', 'peer-?', 'peer-[1]', 'PEER-1'];
      const listeners = names.map(() => new RecordingListener());
      for (const [index, listener] of listeners.entries()) {
        await opened.subscriber.subscribe(names[index] ?? '', listener).ready;
      }
      for (const name of [...names, 'peer-2']) {
        opened.publisher.publish(name, `for ${name}`);
      }
      for (const [index, listener] of listeners.entries()) {
        opened.publisher.publish(names[index] ?? '', 'last');
        await listener.received('last');
        assert.deepEqual(listener.messages, [`for ${names[index]}`, 'last']);
      }
    });

    it('brings a message to every subscription of its channel', async () => {
      await using opened = await open();
      const listeners = [new RecordingListener(), new RecordingListener()];
      await Promise.all(
        listeners.map((listener) => opened.subscriber.subscribe('peer-1', listener).ready),
      );
      opened.publisher.publish('peer-1', 'key');
      await Promise.all(listeners.map((listener) => listener.received('key')));
      assert.deepEqual(
        listeners.map((listener) => listener.messages),
        [['key'], ['key']],
      );
    });

    it('calls no listener while it is publishing', async () => {
      await using opened = await open();
      const listener = new RecordingListener();
      await opened.subscriber.subscribe('peer-1', listener).ready;
      opened.publisher.publish('peer-1', 'key');
      assert.deepEqual(listener.messages, []);
      await listener.received('key');
    });

    it('lets a listener publish and subscribe', async () => {
      await using opened = await open();
      const { subscriber, publisher } = opened;
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

    it('takes messages for a channel that nobody subscribed to', async () => {
      await using opened = await open();
      opened.publisher.publish('nobody', 'key');
      await opened.publisher.check();
    });

    it('brings on what comes after a listener that throws, to it and to others', async () => {
      await using opened = await open();
      const before = new RecordingListener();
      const after = new RecordingListener();
      let calls = 0;
      await opened.subscriber.subscribe('peer-1', before).ready;
      await opened.subscriber.subscribe('peer-1', {
        onInterrupted() {},
        onMessage() {
          calls++;
          throw new Error('a listener that breaks its promise');
        },
      }).ready;
      await opened.subscriber.subscribe('peer-1', after).ready;
      opened.publisher.publish('peer-1', 'first');
      opened.publisher.publish('peer-1', 'second');
      await Promise.all([before.received('second'), after.received('second')]);
      assert.equal(calls, 2);
    });
  });
}
