import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { ShareKeeper } from './share-keeper.ts';

const CHANNEL = 'collection/loads';

describe('Keeping shares even', () => {
  let clock: ManualClock;
  let signals: InProcessSignals;

  beforeEach(() => {
    clock = new ManualClock();
    signals = new InProcessSignals({ log: silentLog });
  });

  /** A process with so many collectors, which notes how many it moves. */
  function start(collectors: number, balancers = 2) {
    const moved: number[] = [];
    const keeper = new ShareKeeper(
      { signals, clock, log: silentLog },
      {
        collectors: () => collectors,
        balancers: () => balancers,
        move: (count) => moved.push(count),
      },
    );
    keeper.start();
    return { keeper, moved };
  }

  async function look(times = 1): Promise<void> {
    for (let time = 0; time < times; time++) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(10_000);
    }
  }

  it('moves the excess of whoever has more, once others have said how many they have', async () => {
    const [many, few] = [start(1_000), start(0)];
    await look();
    assert.deepEqual([many.moved, few.moved], [[], []]);
    await look();
    assert.deepEqual([many.moved, few.moved], [[100], []]);
  });

  it('does not count on a process that is about to end, nor on one that fell silent', async () => {
    const [many, ending] = [start(1_000), start(0)];
    await look();
    ending.keeper.stop();
    await look(3);
    assert.deepEqual(many.moved, []);
    signals.publish(CHANNEL, JSON.stringify({ process: 'silent', collectors: 0 }));
    await look(6);
    assert.equal(many.moved.length, 3);
  });

  it('moves nobody, and says nothing, where no load balancer asks', async () => {
    const [many, few] = [start(1_000, 0), start(0, 0)];
    let said = 0;
    signals.subscribe(CHANNEL, { onMessage: () => said++, onInterrupted() {} });
    await look(3);
    many.keeper.stop();
    assert.deepEqual([many.moved, few.moved, said], [[], [], 0]);
  });

  it('takes no notice of what is no announcement', async () => {
    const many = start(1_000);
    for (const message of [
      '',
      'null',
      '{}',
      '[]',
      '{"process":"a","collectors":-1}',
      '{"process":"a","collectors":1.5}',
      '{"process":1,"collectors":1}',
      JSON.stringify({ process: 'a'.repeat(300), collectors: 0 }),
    ]) {
      signals.publish(CHANNEL, message);
    }
    await look(2);
    assert.deepEqual(many.moved, []);
  });
});
