import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { Heartbeat } from './heartbeat.ts';

const SECOND_MS = 1_000;

describe('A heartbeat', () => {
  let clock: ManualClock;
  let heartbeat: Heartbeat;
  let startMs: number;

  beforeEach(() => {
    clock = new ManualClock();
    heartbeat = new Heartbeat(clock);
    startMs = clock.elapsedMs();
  });

  const elapsedMs = () => clock.elapsedMs() - startMs;

  /** @param answers - whether its peer answers each ping at once */
  function watch(answers: boolean) {
    const pings: number[] = [];
    const losses: number[] = [];
    const watched = heartbeat.watch({
      ping: () => void pings.push(elapsedMs()),
      lost: () => void losses.push(elapsedMs()),
    });
    const pass = (ms: number) => {
      for (let passed = 0; passed < ms; passed += 100) {
        const before = pings.length;
        clock.advance(100);
        if (answers && pings.length > before) {
          watched.seen();
        }
      }
    };
    return { watched, pings, losses, pass };
  }

  it('pings at once, and then every five seconds', () => {
    const { pings, losses, pass } = watch(true);
    pass(20 * SECOND_MS);
    assert.deepEqual(pings, [0, 5_000, 10_000, 15_000, 20_000]);
    assert.deepEqual(losses, []);
  });

  it('finds a peer lost that was silent for nine seconds, and pings it no more', () => {
    const { pings, losses, pass } = watch(false);
    pass(60 * SECOND_MS);
    assert.deepEqual([pings, losses], [[0, 5_000], [9_000]]);
  });

  it('counts the nine seconds from the last sign of life, and keeps the rhythm of pings', () => {
    const { watched, pings, losses, pass } = watch(false);
    pass(8_900);
    watched.seen();
    pass(60 * SECOND_MS);
    assert.deepEqual([pings, losses], [[0, 5_000, 10_000, 15_000], [17_900]]);
  });

  it('touches a connection only when it is due', () => {
    for (let watched = 0; watched < 50; watched++) {
      watch(true);
      clock.advance(20);
    }
    let touched = 0;
    const other = heartbeat.watch({ ping: () => void touched++, lost: () => void touched++ });
    clock.advance(4_900);
    assert.equal(touched, 1);
    other.stop();
    clock.advance(60 * SECOND_MS);
    assert.equal(touched, 1);
  });

  it('has no timer once nobody is watched', () => {
    const { watched } = watch(false);
    watched.stop();
    watched.stop();
    clock.advance(5 * SECOND_MS);
    assert.equal(clock.advanceToNext(), false);
  });

  it('pings a hundred in one go, and the rest after others had their turn', () => {
    let pings = 0;
    for (let watched = 0; watched < 250; watched++) {
      heartbeat.watch({ ping: () => void pings++, lost() {} });
    }
    const counts = [];
    while (pings < 500) {
      clock.advanceToNext();
      counts.push(pings - 250);
    }
    assert.deepEqual(counts, [100, 200, 250]);
    assert.equal(elapsedMs(), 5_000);
  });
});
