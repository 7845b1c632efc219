import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { backing, uniqueName } from '#test/backing/backing.ts';
import { startFaultProxy } from '#test/backing/fault-proxy.ts';
import { RecordingListener } from '../contract/opened-signals.ts';
import { RedisSignals } from './signals.ts';

const redis = await backing('redis');

describe('signals over a disturbed connection to Redis', { skip: redis.missing }, () => {
  it('take one connection for thousands of channels, and one to publish', async () => {
    // Pings publish, too.
    const clock: Clock = {
      ...systemClock,
      schedule: (delayMs, action) =>
        delayMs === 5_000 ? () => {} : systemClock.schedule(delayMs, action),
    };
    await using opened = await open({ clock });
    const listeners = Array.from({ length: 5_000 }, () => new RecordingListener());
    await Promise.all(
      listeners.map((listener, index) => opened.signals.subscribe(`peer-${index}`, listener).ready),
    );
    assert.equal(opened.proxy.accepted, 1);
    opened.signals.publish('peer-4999', 'key');
    await listeners[4_999]?.received('key');
    assert.equal(opened.proxy.accepted, 2);
  });

  it('tell every listener of every channel, once, that messages may be lost', async () => {
    await using opened = await open();
    const listeners = Array.from({ length: 1_200 }, () => new RecordingListener());
    await Promise.all(
      listeners.map(
        (listener, index) => opened.signals.subscribe(`peer-${index % 700}`, listener).ready,
      ),
    );
    opened.proxy.cut();
    await Promise.all(
      listeners.map((listener) => listener.until(() => listener.interruptions > 0)),
    );
    assert.ok(listeners.every(({ interruptions }) => interruptions === 1));
    for (let index = 0; index < 700; index++) {
      opened.signals.publish(`peer-${index}`, 'after');
    }
    await Promise.all(listeners.map((listener) => listener.received('after')));
  });

  it('are sent before a process that published them is gone', async () => {
    await using opened = await open();
    const listener = new RecordingListener();
    await opened.signals.subscribe('peer', listener).ready;
    const leaving = new RedisSignals(opened.options);
    leaving.publish('peer', 'last words');
    await leaving[Symbol.asyncDispose]();
    await listener.received('last words');
  });

  it('do not tell of an interruption whoever subscribed during it', async () => {
    await using opened = await open();
    const before = new RecordingListener();
    await opened.signals.subscribe('peer-1', before).ready;
    opened.proxy.refuse();
    const during = new RecordingListener();
    const { ready } = opened.signals.subscribe('peer-2', during);
    opened.proxy.accept();
    await ready;
    await before.until(() => before.interruptions === 1);
    opened.signals.publish('peer-2', 'key');
    await during.received('key');
    assert.equal(during.interruptions, 0);
  });

  it('bring what was published while Redis was away, in order', async () => {
    await using opened = await open();
    const listener = new RecordingListener();
    await using direct = new RedisSignals({ ...opened.options, url: `redis://${redis.address}` });
    await direct.subscribe('peer-1', listener).ready;
    opened.proxy.refuse();
    const messages = Array.from({ length: 2_000 }, (_, index) => `key-${index}`);
    for (const message of messages) {
      opened.signals.publish('peer-1', message);
    }
    opened.proxy.accept();
    await listener.received('key-1999');
    assert.deepEqual(listener.messages, messages);
  });

  it('bring the repeatable form of what was published while much waited, in order', async () => {
    await using opened = await open();
    const listener = new RecordingListener();
    await using direct = new RedisSignals({ ...opened.options, url: `redis://${redis.address}` });
    await direct.subscribe('peer-1', listener).ready;
    opened.proxy.refuse();
    for (let index = 0; index < 2_000; index++) {
      opened.signals.publish('peer-1', `whole-${index}`, `key-${index}`);
    }
    opened.proxy.accept();
    await listener.received('key-1999');
    const numbers = listener.messages.map((message) => Number(message.split('-')[1]));
    assert.deepEqual(
      numbers,
      Array.from({ length: 2_000 }, (_, index) => index),
    );
    const whole = listener.messages.filter((message) => message.startsWith('whole'));
    assert.ok(whole.length <= 501, `${whole.length} whole messages waited`);
  });

  it('tell of an interruption where what was published waited for too long', async () => {
    const time = new ManualClock();
    // Deadlines and all that listeners are told are real; only the publisher waits by the manual time.
    const clock: Clock = { ...systemClock, elapsedMs: () => time.elapsedMs() };
    await using opened = await open({ clock });
    const [missed, other] = [new RecordingListener(), new RecordingListener()];
    await using direct = new RedisSignals({ ...opened.options, url: `redis://${redis.address}` });
    await direct.subscribe('peer-1', missed).ready;
    await direct.subscribe('peer-2', other).ready;
    opened.proxy.refuse();
    opened.signals.publish('peer-1', 'key-1');
    opened.signals.publish('peer-1', 'key-2');
    time.advance(30_001);
    const { accepted } = opened.proxy;
    await waitUntil(() => opened.proxy.accepted > accepted + 1);
    opened.signals.publish('peer-2', 'key-3');
    opened.proxy.accept();
    await missed.until(() => missed.interruptions > 0);
    await other.received('key-3');
    assert.deepEqual(missed.messages, []);
    assert.equal(missed.interruptions, 1);
    assert.equal(other.interruptions, 0);
  });

  it('say in time that a subscription cannot be had, nor anything else', async () => {
    await using opened = await open({ deadlineMs: 100 });
    opened.proxy.refuse();
    const { ready } = opened.signals.subscribe('peer-1', new RecordingListener());
    await assert.rejects(ready, BackingUnavailableError);
    await assert.rejects(opened.signals.check(), BackingUnavailableError);
  });

  it('notice a connection that gives no answer, and get another', async () => {
    const time = new ManualClock();
    // Pings follow the manual time; deadlines and pauses between connections are real.
    const clock: Clock = {
      now: () => time.now(),
      elapsedMs: () => time.elapsedMs(),
      schedule: (delayMs, action) =>
        delayMs === 5_000 ? time.schedule(delayMs, action) : systemClock.schedule(delayMs, action),
    };
    await using opened = await open({ clock, deadlineMs: 1_000 });
    const listener = new RecordingListener();
    await opened.signals.subscribe('peer-1', listener).ready;
    opened.proxy.pause();
    time.advance(5_000);
    await waitUntil(() => opened.proxy.connections === 0 || opened.proxy.accepted > 1);
    opened.proxy.resume();
    await listener.until(() => listener.interruptions > 0);
    opened.signals.publish('peer-1', 'key');
    await listener.received('key');
  });

  it('end no process by being closed while Redis is away', async () => {
    await using opened = await open();
    opened.proxy.refuse();
    opened.signals.subscribe('peer-1', new RecordingListener());
    opened.signals.publish('peer-1', 'key');
    await opened.signals[Symbol.asyncDispose]();
  });
});

async function open(more: { clock?: Clock; deadlineMs?: number } = {}) {
  const proxy = await startFaultProxy(redis.address);
  const options = {
    url: `redis://${proxy.address}`,
    log: silentLog,
    prefix: `${uniqueName('signals')}:`,
    deadlineMs: 10_000,
    interruptionSpreadMs: 20,
    ...more,
  };
  const signals = new RedisSignals(options);
  return {
    proxy,
    options,
    signals,
    async [Symbol.asyncDispose]() {
      await signals[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

async function waitUntil(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
