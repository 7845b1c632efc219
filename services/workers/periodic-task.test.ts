import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { PeriodicTask } from './periodic-task.ts';

function setUp(run: (signal: AbortSignal) => Promise<unknown>) {
  const clock = new ManualClock();
  const options = { name: 'test', intervalMs: 1_000, retryMs: 100, run };
  return { clock, task: new PeriodicTask({ clock, log: silentLog }, options) };
}

describe('PeriodicTask', () => {
  it('runs at once, then after each interval', async () => {
    let runs = 0;
    const { clock, task } = setUp(async () => runs++);
    await task.idle;
    clock.advance(999);
    await task.idle;
    assert.equal(runs, 1);
    clock.advance(1);
    await task.idle;
    assert.equal(runs, 2);
    await task[Symbol.asyncDispose]();
  });

  it('runs again sooner after a failure', async () => {
    let runs = 0;
    const { clock, task } = setUp(async () => {
      runs++;
      throw new Error('no');
    });
    await task.idle;
    clock.advance(100);
    await task.idle;
    assert.equal(runs, 2);
    await task[Symbol.asyncDispose]();
  });

  it('never runs twice at once, however long a run takes', async () => {
    let running = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const { clock, task } = setUp(async () => {
      running++;
      await promise;
    });
    clock.advance(10_000);
    assert.equal(running, 1);
    resolve();
    await task[Symbol.asyncDispose]();
  });

  it('ends the run that is under way when it is disposed of, and starts no other', async () => {
    let runs = 0;
    const { clock, task } = setUp(
      (signal) =>
        new Promise((_, reject) => {
          runs++;
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    );
    await task[Symbol.asyncDispose]();
    clock.advance(10_000);
    assert.equal(runs, 1);
  });
});
