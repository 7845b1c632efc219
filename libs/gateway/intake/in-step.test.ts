import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { InStep } from './in-step.ts';

describe('Tasks in step', () => {
  it('go on once all of them wait, again and again', async () => {
    const inStep = new InStep(2);
    const done: string[] = [];
    const task = async (name: string) => {
      for (const step of [1, 2]) {
        await inStep.wait();
        done.push(`${name}${step}`);
      }
    };
    const first = task('a');
    await setImmediate();
    assert.deepEqual(done, []);
    await Promise.all([first, task('b')]);
    assert.deepEqual(done, ['a1', 'b1', 'a2', 'b2']);
  });

  it('do not wait for those that have left', async () => {
    const inStep = new InStep(2);
    const wait = inStep.wait();
    inStep.leave();
    await wait;
    await inStep.wait();
  });
});
