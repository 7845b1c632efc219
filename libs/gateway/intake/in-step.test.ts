import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { InStep, type StepTask } from './in-step.ts';

describe('Tasks in step', () => {
  it('go on once all of them wait, again and again', async () => {
    const inStep = new InStep();
    const done: string[] = [];
    const run = async (name: string, task: StepTask) => {
      for (const step of [1, 2]) {
        await task.wait();
        done.push(`${name}${step}`);
      }
    };
    const [one, other] = [inStep.add(), inStep.add()];
    const first = run('a', one);
    await setImmediate();
    assert.deepEqual(done, []);
    await Promise.all([first, run('b', other)]);
    assert.deepEqual(done, ['a1', 'b1', 'a2', 'b2']);
  });

  it('do not wait for those that have left, until they join again', async () => {
    const inStep = new InStep();
    const [task, other] = [inStep.add(), inStep.add()];
    const first = task.wait();
    other.leave();
    other.leave();
    await first;
    await task.wait();
    other.join();
    let isOver = false;
    const wait = task.wait().then(() => {
      isOver = true;
    });
    await setImmediate();
    assert.equal(isOver, false);
    await Promise.all([wait, other.wait()]);
  });
});
