import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import type { Part } from '../port.ts';
import { Withdrawals } from './withdrawals.ts';

/** Lets an attempt come to its end. */
const soon = () => new Promise((resolve) => setImmediate(resolve));

class Setting {
  readonly clock = new ManualClock();
  readonly attempts: Part[] = [];
  withdraw = async (_part: Part): Promise<void> => {
    throw new Error('away');
  };
  readonly withdrawals = new Withdrawals({ clock: this.clock, log: silentLog }, (part) => {
    this.attempts.push(part);
    return this.withdraw(part);
  });
}

describe('a part of which an entry may be missing', () => {
  it('is withdrawn at once, or else a second after Redis could not be reached', async () => {
    const { clock, attempts, withdrawals } = new Setting();
    withdrawals.add('a');
    await soon();
    assert.deepEqual(attempts, ['a']);
    assert.equal(withdrawals.has('a'), true);
    clock.advance(999);
    assert.deepEqual(attempts, ['a']);
    clock.advance(1);
    assert.deepEqual(attempts, ['a', 'a']);
  });

  it('is attempted once a second, however many entries are missing', async () => {
    const { clock, attempts, withdrawals } = new Setting();
    for (let round = 0; round < 10; round++) {
      for (let entry = 0; entry < 100; entry++) {
        withdrawals.add('a');
        await soon();
      }
      clock.advance(1_000);
      await soon();
    }
    assert.equal(attempts.length, 11);
  });

  it('is no longer to be withdrawn once it was', async () => {
    const setting = new Setting();
    const { clock, attempts, withdrawals } = setting;
    withdrawals.add('a');
    withdrawals.add('b');
    await soon();
    setting.withdraw = async () => {};
    clock.advance(1_000);
    await soon();
    assert.deepEqual(attempts, ['a', 'b', 'a']);
    assert.deepEqual(
      ['a', 'b'].map((part) => withdrawals.has(part)),
      [false, false],
    );
    assert.equal(clock.advanceToNext(), false);
  });

  it('is withdrawn again if another entry could not be added meanwhile', async () => {
    const setting = new Setting();
    const { clock, attempts, withdrawals } = setting;
    const { promise, resolve } = Promise.withResolvers<void>();
    setting.withdraw = () => promise;
    withdrawals.add('a');
    assert.equal(withdrawals.has('a'), true);
    withdrawals.add('a');
    resolve();
    await soon();
    assert.equal(withdrawals.has('a'), true);
    clock.advance(1_000);
    await soon();
    assert.deepEqual(attempts, ['a', 'a']);
    assert.equal(withdrawals.has('a'), false);
  });

  it('is withdrawn before the end, if added during the attempt that was under way', async () => {
    const setting = new Setting();
    const { attempts, withdrawals } = setting;
    const { promise, resolve } = Promise.withResolvers<void>();
    setting.withdraw = () => promise;
    withdrawals.add('a');
    withdrawals.add('a');
    withdrawals.add('b');
    const closing = withdrawals[Symbol.asyncDispose]();
    resolve();
    await closing;
    assert.deepEqual(attempts, ['a', 'a', 'b']);
  });

  it('is attempted for the last time when the process closes the index', async () => {
    const { clock, attempts, withdrawals } = new Setting();
    withdrawals.add('a');
    await soon();
    await withdrawals[Symbol.asyncDispose]();
    assert.deepEqual(attempts, ['a', 'a']);
    assert.equal(clock.advanceToNext(), false);
  });
});
