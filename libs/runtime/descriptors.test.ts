import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ManualClock } from '#clock/manual-clock.ts';
import type { LogFields } from '#log/log.ts';
import { recordingLog } from '#test/runtime/recording-log.ts';
import { type DescriptorUse, DescriptorWatch } from './descriptors.ts';

const EMFILE = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });

function setting() {
  const clock = new ManualClock();
  const logged: [string, LogFields][] = [];
  const state = { isOut: false, use: { open: 10, limit: 100 } as DescriptorUse | null };
  let shortages = 0;
  const watch = new DescriptorWatch({
    clock,
    log: recordingLog(logged),
    onShortage: () => {
      shortages += 1;
    },
    tryOne: async () => {
      if (state.isOut) {
        throw EMFILE;
      }
    },
    use: async () => state.use,
  });
  return {
    state,
    shortages: () => shortages,
    lines: () => logged.map(([line]) => line),
    levels: () => logged.map(([line]) => line.split(' ', 1)[0]),
    setAhead: (ms: number) => clock.set(new Date(clock.now().getTime() + ms)),
    async pass(seconds: number) {
      for (let second = 0; second < seconds; second++) {
        clock.advance(1_000);
        await setImmediate();
      }
    },
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
}

describe('DescriptorWatch', () => {
  it('says nothing while there are enough', async () => {
    using set = setting();
    await set.pass(60);
    assert.deepEqual(set.lines(), []);
  });

  it('says at once that none is left, then each minute, what to do, and that it is over', async () => {
    using set = setting();
    await set.pass(5);
    set.state.isOut = true;
    await set.pass(1);
    assert.deepEqual(set.levels(), ['error']);
    assert.match(set.lines()[0] ?? '', /No file descriptor is left.*ulimit -n/);
    await set.pass(125);
    assert.deepEqual(set.levels(), ['error', 'error', 'error']);
    assert.equal(set.shortages(), 126);
    set.state.isOut = false;
    await set.pass(1);
    assert.deepEqual(set.levels().slice(3), ['info']);
  });

  it('tells once a minute, however the clock is set meanwhile', async () => {
    using set = setting();
    set.state.isOut = true;
    await set.pass(1);
    set.setAhead(3_600_000);
    await set.pass(1);
    set.setAhead(-7_200_000);
    await set.pass(1);
    assert.deepEqual(set.levels(), ['error']);
  });

  it('warns when nine tenths are in use, once a minute at most, whether none is left now and then or not', async () => {
    using set = setting();
    set.state.use = { open: 90, limit: 100 };
    await set.pass(50);
    assert.deepEqual(set.levels(), ['warn']);
    for (let time = 0; time < 5; time++) {
      set.state.isOut = !set.state.isOut;
      await set.pass(1);
    }
    assert.deepEqual(set.levels(), ['warn', 'error']);
    set.state.isOut = false;
    set.state.use = { open: 89, limit: 100 };
    await set.pass(20);
    assert.deepEqual(set.levels(), ['warn', 'error', 'info']);
  });

  it('looks for shortages where the system does not tell how many there are', async () => {
    using set = setting();
    set.state.use = null;
    await set.pass(20);
    assert.deepEqual(set.lines(), []);
    set.state.isOut = true;
    await set.pass(1);
    assert.deepEqual(set.levels(), ['error']);
  });
});
