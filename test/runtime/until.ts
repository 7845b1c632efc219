import assert from 'node:assert/strict';
import { setTimeout as pause, setImmediate } from 'node:timers/promises';
import type { ManualClock } from '#clock/manual-clock.ts';

/** Long enough for a machine that others use as well; a test that waits in vain must end. */
const PATIENCE_MS = 120_000;

/**
 * Resolves once `isMet`, looking again with each turn of the event loop.
 *
 * @param pauseMs - how long to wait before looking again, where looking is work for others
 * @throws after two minutes
 */
export async function until(
  isMet: () => boolean | Promise<boolean>,
  pauseMs?: number,
): Promise<void> {
  const giveUpAtMs = performance.now() + PATIENCE_MS;
  while (!(await isMet())) {
    assert.ok(performance.now() < giveUpAtMs, `never came: ${isMet}`);
    await (pauseMs === undefined ? setImmediate() : pause(pauseMs));
  }
}

/** Resolves as `work` does, for which a second passes with each turn of the event loop. */
export async function whileTimePasses<Result>(
  clock: ManualClock,
  work: Promise<Result>,
): Promise<Result> {
  let isOver = false;
  const watched = work.finally(() => {
    isOver = true;
  });
  watched.catch(() => {});
  while (!isOver) {
    clock.advance(1_000);
    await setImmediate();
  }
  return watched;
}
