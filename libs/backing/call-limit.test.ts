import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CallLimit } from './call-limit.ts';
import { BackingUnavailableError } from './errors.ts';

describe('call limit', () => {
  it('makes so many calls at once, the others in their turn', async () => {
    const { limit, signal } = setUp();
    const calls = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    const begun: number[] = [];
    const done = calls.map(({ promise }, index) =>
      limit.run(() => {
        begun.push(index);
        return promise;
      }, signal),
    );
    await settle();
    assert.deepEqual(begun, [0, 1]);
    calls[1]?.resolve();
    await settle();
    assert.deepEqual(begun, [0, 1, 2]);
    for (const { resolve } of calls) {
      resolve();
    }
    await Promise.all(done);
    assert.deepEqual(begun, [0, 1, 2, 3]);
  });

  it('refuses at once what would wait behind too many', async () => {
    const { limit, signal } = setUp();
    const gate = Promise.withResolvers<void>();
    const waiting = Array.from({ length: 4 }, () => limit.run(() => gate.promise, signal));
    await assert.rejects(
      limit.run(() => gate.promise, signal),
      BackingUnavailableError,
    );
    gate.resolve();
    await Promise.all(waiting);
    await limit.run(() => gate.promise, signal);
  });

  it('gives up a call whose signal is aborted while it waits, and lets the next one on', async () => {
    const { limit, signal } = setUp();
    const gate = Promise.withResolvers<void>();
    const running = [1, 2].map(() => limit.run(() => gate.promise, signal));
    const aborter = new AbortController();
    const reason = new Error('too late');
    const given = limit.run(() => gate.promise, aborter.signal);
    const last = limit.run(async () => 'last', signal);
    aborter.abort(reason);
    await assert.rejects(given, reason);
    gate.resolve();
    await Promise.all(running);
    assert.equal(await last, 'last');
  });
});

function setUp() {
  const limit = new CallLimit({ backing: 'key-vault', concurrency: 2, waiting: 2 });
  return { limit, signal: new AbortController().signal };
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
