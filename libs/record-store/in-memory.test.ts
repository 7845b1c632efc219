import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { describeRecordStore } from './contract.ts';
import { InMemoryRecordStore } from './in-memory.ts';
import { recordKind } from './port.ts';

const NOTES = recordKind<{ readonly text: string }>('notes');

describeRecordStore('InMemoryRecordStore', async (clock) => {
  const store = new InMemoryRecordStore({ clock });
  return { store, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
});

describe('InMemoryRecordStore', () => {
  it('does nothing when the fault comes before the call, everything when it comes after', async () => {
    let failing: 'before' | 'after' | 'none' = 'before';
    const failIn = (moment: 'before' | 'after') => () => {
      if (moment === failing) {
        throw new Error('cut off');
      }
    };
    const store = new InMemoryRecordStore({
      clock: new ManualClock(),
      before: failIn('before'),
      after: failIn('after'),
    });
    await assert.rejects(store.set(NOTES, 'lost', { text: '' }), /cut off/);
    failing = 'after';
    await assert.rejects(store.set(NOTES, 'unanswered', { text: '' }), /cut off/);
    failing = 'none';
    assert.equal(await store.get(NOTES, 'lost'), null);
    assert.ok(await store.get(NOTES, 'unanswered'));
  });
});
