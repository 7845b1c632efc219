import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { describeObjectStore } from './contract.ts';
import { delayingCalls, InMemoryObjectStore } from './in-memory.ts';

const EXPIRES_AT = new Date('2030-01-01T00:00:00Z');

const room = { leftOctets: 1_000_000 };

describeObjectStore(
  'InMemoryObjectStore',
  async () => {
    const store = new InMemoryObjectStore({ pageSize: 50, room });
    return { store, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
  },
  { tellsHoldings: true },
);

describe('InMemoryObjectStore', () => {
  it('takes effect after the delay asked for', async () => {
    const clock = new ManualClock();
    const store = new InMemoryObjectStore({ before: delayingCalls(clock, 20, ['get']) });
    await store.put('a', Uint8Array.of(1), { expiresAt: EXPIRES_AT });
    const reading = store.get('a');
    await store.delete('a');
    await store.put('a', Uint8Array.of(2), { expiresAt: EXPIRES_AT });
    clock.advance(20);
    assert.deepEqual((await reading)?.body, Uint8Array.of(2));
  });

  it('does nothing when the fault comes before the call, everything when it comes after', async () => {
    let when: 'before' | 'after' = 'before';
    const fail = (moment: typeof when) => () => {
      if (moment === when) {
        throw new Error('cut off');
      }
    };
    const faults = { before: fail('before'), after: fail('after') };
    const stored: string[] = [];
    for (when of ['before', 'after'] as const) {
      const store = new InMemoryObjectStore({
        before: ({ method }) => (method === 'put' ? faults.before() : undefined),
        after: ({ method }) => (method === 'put' ? faults.after() : undefined),
      });
      const key = `when/${when}`;
      await assert.rejects(store.put(key, Uint8Array.of(1), { expiresAt: EXPIRES_AT }), /cut off/);
      stored.push(...(await Array.fromAsync(store.list('when/'))).map((entry) => entry.key));
    }
    assert.deepEqual(stored, ['when/after']);
  });
});
