import assert from 'node:assert/strict';
import process from 'node:process';
import { describe, it } from 'node:test';
import { busyTicks, ProcessorMeter, type ProcessorUse, ticksOfTree } from './processor-meter.ts';

function meterOver(...uses: readonly (ProcessorUse | null)[]): ProcessorMeter {
  const remaining = uses.values();
  return new ProcessorMeter(() => remaining.next().value ?? null);
}

function statOf(pid: number, parent: number, ticks: readonly [number, number, number, number]) {
  const before = `${pid} (node (worker) x) S ${parent} 1 1 0 -1 4194560 1 2 3 4`;
  return `${before} ${ticks.join(' ')} 20 0 11 0 100 0 0\n`;
}

describe('the meter of the processors', () => {
  it('tells what others used since the last call', () => {
    const meter = meterOver(
      { atMs: 0, busyMs: 500, ownMs: 100 },
      { atMs: 1_000, busyMs: 2_300, ownMs: 900 },
      { atMs: 3_000, busyMs: 4_300, ownMs: 2_900 },
    );
    assert.equal(meter.others(), 1);
    assert.equal(meter.others(), 0);
  });

  it('says nothing where nothing is known', () => {
    assert.equal(meterOver(null, null).others(), null);
  });

  it('counts as busy all but idling and waiting for disks, and what the host took away', () => {
    assert.equal(busyTicks('cpu  1 2 4 1000 2000 8 16 32 64 128\ncpu0 9 9 9\n'), 63);
  });

  it('counts a process with all that descend from it, also those that have ended', () => {
    const stats = [
      statOf(7, 1, [1, 2, 4, 8]),
      statOf(12, 8, [16, 0, 0, 0]),
      statOf(8, 7, [32, 0, 0, 0]),
      statOf(9, 1, [64, 0, 0, 0]),
    ];
    assert.equal(ticksOfTree(stats, 7), 63);
  });

  const skip = process.platform === 'linux' ? false : 'processors are counted on Linux only';
  it('reads what Linux tells', { skip }, () => {
    const meter = new ProcessorMeter();
    const untilMs = performance.now() + 50;
    while (performance.now() < untilMs);
    assert.notEqual(meter.others(), null);
  });
});
