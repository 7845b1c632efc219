import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClockPlausibility } from '#clock/clock-plausibility.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { type LogFields, silentLog } from '#log/log.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { recordingLog } from '#test/runtime/recording-log.ts';
import { ClockWatch } from './clock-watch.ts';
import type { ClockWitness } from './clock-witnesses.ts';
import { LatestTime } from './latest-time.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;

/** A clock that is watched, one witness, and what was logged. */
function watched() {
  const clock = new ManualClock();
  const plausibility = new ClockPlausibility({ clock, notBefore: new Date(0) });
  const records = new InMemoryRecordStore({ clock });
  const latestTime = new LatestTime({ records, clock });
  const logged: [string, LogFields][] = [];
  const log = recordingLog(logged);
  const state = { offsetMs: 0, isAway: false, askings: 0 };
  const witness: ClockWitness = {
    by: 'a witness',
    async ask() {
      state.askings += 1;
      if (state.isAway) {
        throw new Error('away');
      }
      return clock.now().getTime() - state.offsetMs;
    },
  };
  const start = (witnesses = [witness]) =>
    ClockWatch.start({ clock, log, plausibility, witnesses, latestTime });
  const pass = async (minutes: number) => {
    for (let passed = 0; passed < minutes; passed++) {
      clock.advance(MINUTE_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const said = () => logged.map(([message]) => message);
  return { clock, records, plausibility, latestTime, state, start, pass, said };
}

describe('the watch over a clock', () => {
  it('has asked each witness before the service starts', async () => {
    const { state, plausibility, start, said } = watched();
    state.offsetMs = DAY_MS;
    using _ = await start();
    assert.match(plausibility.doubt ?? '', /ahead of a witness/);
    assert.match(said().join(), /is in doubt/);
  });

  it('asks every ten minutes, and every minute while the clock is in doubt', async () => {
    const { state, start, pass, said } = watched();
    using _ = await start();
    await pass(9);
    assert.equal(state.askings, 1);
    state.offsetMs = DAY_MS;
    await pass(1);
    assert.equal(state.askings, 2);
    await pass(5);
    assert.equal(state.askings, 7);
    state.offsetMs = 0;
    await pass(1);
    assert.deepEqual(said().slice(-1), ['info The clock of this machine is no longer in doubt']);
  });

  it('goes without a witness that does not answer', async () => {
    const { state, plausibility, start, pass } = watched();
    state.isAway = true;
    using _ = await start();
    await pass(20);
    assert.equal(plausibility.doubt, null);
  });

  it('waits for 2 s for a witness, however long it takes', async () => {
    const { clock, start } = watched();
    const ask = () => new Promise<never>(() => {});
    let hasStarted = false;
    const starting = start([{ by: 'a silent one', ask }]).finally(() => {
      hasStarted = true;
    });
    const othersTurn = () => new Promise((resolve) => setImmediate(resolve));
    await othersTurn();
    clock.advance(1_999);
    await othersTurn();
    assert.equal(hasStarted, false);
    clock.advance(1);
    using _ = await starting;
  });

  it('remembers the time over restarts, but none that is in doubt', async () => {
    const first = watched();
    first.state.offsetMs = -DAY_MS;
    (await first.start())[Symbol.dispose]();
    assert.equal(await first.latestTime.read(), null);
    first.state.offsetMs = 0;
    const watch = await first.start();
    await first.pass(10);
    watch[Symbol.dispose]();
    assert.deepEqual(await first.latestTime.read(), first.clock.now());

    const behind = new ManualClock(new Date(first.clock.now().getTime() - DAY_MS));
    const plausibility = new ClockPlausibility({ clock: behind, notBefore: new Date(0) });
    const log = silentLog;
    const { latestTime } = first;
    using _ = await ClockWatch.start({
      clock: behind,
      log,
      plausibility,
      witnesses: [],
      latestTime,
    });
    assert.match(plausibility.doubt ?? '', /which it showed before/);
  });

  it('forgets a time that was ahead within an hour, for this process and the next', async () => {
    const { clock, records, plausibility, latestTime, start, pass } = watched();
    const ahead = new ManualClock(new Date('2099-01-01'));
    await new LatestTime({ records, clock: ahead }).note();
    using _ = await start([]);
    assert.match(plausibility.doubt ?? '', /behind 2099/);
    await pass(60);
    assert.equal(plausibility.doubt, null);
    assert.deepEqual(await latestTime.read(), clock.now());
  });
});
