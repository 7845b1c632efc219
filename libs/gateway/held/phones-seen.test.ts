import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { PhonesSeen } from './phones-seen.ts';

const DAY_MS = 86_400_000;

const phone = (number: number) => `0${number.toString(16).padStart(64, '0')}`;

describe('PhonesSeen', () => {
  it('counts each phone once in 30 days, over restarts', async () => {
    const clock = new ManualClock();
    const records = new InMemoryRecordStore({ clock });
    {
      await using seen = await PhonesSeen.open({ records, clock });
      seen.note(phone(1));
      seen.note(phone(2));
      clock.advance(20 * DAY_MS);
      seen.note(phone(2));
      seen.note(phone(3));
      assert.equal(seen.count(), 3);
    }
    await using again = await PhonesSeen.open({ records, clock });
    assert.equal(again.count(), 3);
    clock.advance(12 * DAY_MS);
    assert.equal(again.count(), 2);
    clock.advance(30 * DAY_MS);
    assert.equal(again.count(), 0);
    assert.equal((await PhonesSeen.read({ records, clock })).count(), 0);
  });

  it('stores each minute what is new', async () => {
    const clock = new ManualClock();
    const records = new InMemoryRecordStore({ clock });
    await using seen = await PhonesSeen.open({ records, clock });
    seen.note(phone(1));
    clock.advance(60_000);
    assert.equal((await PhonesSeen.read({ records, clock })).count(), 1);
  });

  it('counts nothing from the future', async () => {
    const clock = new ManualClock();
    const records = new InMemoryRecordStore({ clock });
    {
      await using seen = await PhonesSeen.open({ records, clock });
      seen.note(phone(1));
    }
    clock.set(new Date(clock.now().getTime() - 2 * DAY_MS));
    assert.equal((await PhonesSeen.read({ records, clock })).count(), 0);
  });
});
