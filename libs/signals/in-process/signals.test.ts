import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Log, silentLog } from '#log/log.ts';
import { describeSignals } from '../contract.ts';
import { InProcessSignals } from './signals.ts';

describeSignals('InProcessSignals', async () => {
  const signals = new InProcessSignals({ log: silentLog });
  return {
    publisher: signals,
    subscriber: signals,
    [Symbol.asyncDispose]: () => signals[Symbol.asyncDispose](),
  };
});

describe('InProcessSignals', () => {
  it('logs what a listener throws', async () => {
    const logged: unknown[] = [];
    const log: Log = { ...silentLog, error: (fields) => logged.push(fields.error) };
    await using signals = new InProcessSignals({ log });
    const error = new Error('a listener that breaks its promise');
    const broken = {
      onInterrupted() {},
      onMessage() {
        throw error;
      },
    };
    await signals.subscribe('peer-1', broken).ready;
    signals.publish('peer-1', 'key');
    await Promise.resolve();
    assert.deepEqual(logged, [error]);
  });

  it('tells a listener once for each of its subscriptions', async () => {
    await using signals = new InProcessSignals({ log: silentLog });
    const messages: string[] = [];
    const listener = { onInterrupted() {}, onMessage: (message: string) => messages.push(message) };
    const [first] = [signals.subscribe('peer-1', listener), signals.subscribe('peer-1', listener)];
    signals.publish('peer-1', 'twice');
    await Promise.resolve();
    first.close();
    signals.publish('peer-1', 'once');
    await Promise.resolve();
    assert.deepEqual(messages, ['twice', 'twice', 'once']);
  });
});
