import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeId } from '#awala/node-id.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { completeAll } from '#held-index/contract/opened-index.ts';
import { InProcessHeldIndex } from '#held-index/in-process/held-index.ts';
import { silentLog } from '#log/log.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { Mailbox } from './mailbox.ts';

const OURS: NodeId = `0${'a'.repeat(64)}`;
const THEIRS: NodeId = `0${'b'.repeat(64)}`;
const RECIPIENT: NodeId = `0${'c'.repeat(64)}`;
const TOMORROW = new Date('2026-01-02T00:00:00Z');

describe('A phone that collects what has just been stored, and connects again and again', () => {
  it('is read each entry in vain at most once, and then listed', async () => {
    const { collect, store, calls } = await open();
    await store(OURS, 40);
    assert.equal(await collect(OURS), 40);
    calls.clear();
    assert.equal(await collect(OURS), 0);
    assert.deepEqual(Object.fromEntries(calls), { get: 40 });
    calls.clear();
    for (let time = 0; time < 10; time++) {
      assert.equal(await collect(OURS), 0);
    }
    assert.deepEqual(Object.fromEntries(calls), { list: 10 });
  });

  it('still gets what comes, and once', async () => {
    const { collect, store } = await open();
    await store(OURS, 40);
    assert.equal(await collect(OURS), 40);
    assert.equal(await collect(OURS), 0);
    await store(OURS, 3, 'later');
    assert.equal(await collect(OURS), 3);
    assert.equal(await collect(OURS), 0);
  });

  it('is no reason to list for others, nor for itself twenty minutes later', async () => {
    const { clock, collect, store, calls } = await open();
    await store(OURS, 40);
    await collect(OURS);
    await collect(OURS);
    calls.clear();
    await store(THEIRS, 2);
    assert.equal(await collect(THEIRS), 2);
    clock.advance(1_200_001);
    await collect(OURS);
    assert.equal(calls.get('list'), undefined);
  });
});

async function open() {
  const clock = new ManualClock();
  const calls = new Map<string, number>();
  const objects = new InMemoryObjectStore({
    before: ({ method }) => {
      calls.set(method, (calls.get(method) ?? 0) + 1);
    },
  });
  const heldIndex = new InProcessHeldIndex({ clock, maxEntries: 1_000 });
  await completeAll(heldIndex);
  const signals = new InProcessSignals({ log: silentLog });
  const mailbox = new Mailbox({ objects, signals, clock, heldIndex });
  return {
    clock,
    calls,
    async store(privateGateway: NodeId, count: number, name = 'first') {
      for (let index = 0; index < count; index++) {
        const parcelId = `${name} ${index}`;
        const parcel = { privateGateway, recipient: RECIPIENT, sender: RECIPIENT, parcelId };
        await mailbox.store(parcel, Buffer.from(parcelId), TOMORROW);
      }
    },
    /** @returns how many were there */
    async collect(privateGateway: NodeId) {
      let collected = 0;
      for await (const held of mailbox.list(privateGateway)) {
        const stored = await mailbox.fetch(held);
        if (stored) {
          collected++;
          // An entry that was merely read does not say which generation it is of.
          await mailbox.remove({ ...held, generation: stored.generation, token: null });
        }
      }
      return collected;
    },
  };
}
