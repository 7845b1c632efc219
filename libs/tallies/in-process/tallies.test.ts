import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { describeTallies } from '../contract.ts';
import { MOST_NAMES } from '../own-tallies.ts';
import { InProcessTallies } from './tallies.ts';

function open() {
  const clock = new ManualClock();
  const tallies = new InProcessTallies({ clock });
  return {
    tallies,
    other: tallies,
    elapse: async (ms: number) => clock.advance(ms),
    [Symbol.asyncDispose]: () => tallies[Symbol.asyncDispose](),
  };
}

describeTallies('The process', async () => open());

it('forgets the names that were not used for longest, and none that keeps asking', async () => {
  const { tallies } = open();
  const limits = [{ windowMs: 3_600_000, most: [1] }];
  const add = async (name: string) => (await tallies.add(name, [1], limits)).isWithin;
  await add('idle');
  await add('persistent');
  for (let other = 0; other < MOST_NAMES; other++) {
    await add(`other ${other}`);
    if (other % 1_000 === 0) {
      assert.equal(await add('persistent'), false);
    }
  }
  assert.equal(await add('persistent'), false);
  assert.equal(await add('idle'), true);
});
