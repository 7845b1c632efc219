import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { asUnavailable, CallLimit, callInTime } from './calls.ts';
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

describe('a call in time', () => {
  it('fails as a backing service that is away once it takes too long', async () => {
    const clock = new ManualClock();
    const call = callInTime({ clock, backing: 'signals', deadlineMs: 100 }, (signal) => {
      const { promise } = Promise.withResolvers<never>();
      signal.addEventListener('abort', () =>
        assert.ok(signal.reason instanceof BackingUnavailableError),
      );
      return promise;
    });
    clock.advance(100);
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof BackingUnavailableError);
      assert.equal(error.backing, 'signals');
      assert.match(error.message, /no answer within 100 ms/);
      return true;
    });
  });
});

describe('a failure of a backing service', () => {
  it('stays as it is if a port documents it, and becomes the cause of one if not', () => {
    const known = new BackingUnavailableError('signals', 'closed');
    assert.equal(asUnavailable('key-vault', known), known);
    const cause = new Error('socket hang up');
    const error = asUnavailable('key-vault', cause);
    assert.equal(error.backing, 'key-vault');
    assert.equal(error.cause, cause);
    assert.match(error.message, /socket hang up/);
    assert.match(asUnavailable('key-vault', 'odd').message, /odd/);
  });
});

function setUp() {
  const limit = new CallLimit({ backing: 'key-vault', concurrency: 2, waiting: 2 });
  return { limit, signal: new AbortController().signal };
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
