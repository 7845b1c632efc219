import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeId } from '#awala/node-id.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { type HeldParcel, Mailbox } from './mailbox.ts';
import { gatewayBoundKey, type ParcelIdentity } from './object-keys.ts';

const OURS: NodeId = `0${'a'.repeat(64)}`;
const THEIRS: NodeId = `0${'b'.repeat(64)}`;
const TOMORROW = new Date('2026-01-02T00:00:00Z');

function parcelFor(privateGateway: NodeId, parcelId: string): ParcelIdentity {
  const recipient: NodeId = `0${'c'.repeat(64)}`;
  const sender: NodeId = `0${'d'.repeat(64)}`;
  return { privateGateway, recipient, sender, parcelId };
}

function open({ before = () => {} }: { before?: () => void } = {}) {
  const clock = new ManualClock();
  const signals = new InProcessSignals({ log: silentLog });
  const objects = new InMemoryObjectStore({ before });
  const mailbox = new Mailbox({ objects, signals, clock });
  const arrivals: HeldParcel[] = [];
  let interruptions = 0;
  const listener = {
    onArrival: (parcel: HeldParcel) => arrivals.push(parcel),
    onInterrupted: () => {
      interruptions += 1;
    },
  };
  return { clock, signals, mailbox, arrivals, listener, interruptions: () => interruptions };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('Mailbox', () => {
  it('holds a parcel for its private gateway only', async () => {
    const { mailbox } = open();
    await mailbox.store(parcelFor(OURS, 'one'), Buffer.from('parcel one'), TOMORROW);
    const [held, ...others] = await Array.fromAsync(mailbox.list(OURS));
    assert.ok(held);
    assert.deepEqual(others, []);
    assert.deepEqual(await Array.fromAsync(mailbox.list(THEIRS)), []);
    assert.equal(held.sizeOctets, 10);
    assert.deepEqual(held.expiresAt, TOMORROW);
    const stored = await mailbox.fetch(held);
    assert.equal(Buffer.from(stored?.body ?? []).toString(), 'parcel one');
  });

  it('replaces a parcel by one with the same sender, recipient and parcel id', async () => {
    const { mailbox } = open();
    await mailbox.store(parcelFor(OURS, 'same'), Buffer.from('old'), TOMORROW);
    await mailbox.store(parcelFor(OURS, 'other'), Buffer.from('other'), TOMORROW);
    await mailbox.store(parcelFor(OURS, 'same'), Buffer.from('new'), TOMORROW);
    const held = await Array.fromAsync(mailbox.list(OURS));
    const bodies = await Promise.all(held.map((parcel) => mailbox.fetch(parcel)));
    const texts = bodies.map((stored) => Buffer.from(stored?.body ?? []).toString());
    assert.deepEqual(texts.sort(), ['new', 'other']);
  });

  it('removes only the generation it is told to', async () => {
    const { mailbox } = open();
    await mailbox.store(parcelFor(OURS, 'one'), Buffer.from('old'), TOMORROW);
    const [old] = await Array.fromAsync(mailbox.listStored(OURS));
    await mailbox.store(parcelFor(OURS, 'one'), Buffer.from('new'), TOMORROW);
    assert.ok(old);
    await mailbox.remove(old);
    const [current] = await Array.fromAsync(mailbox.listStored(OURS));
    assert.ok(current);
    await mailbox.remove(current);
    assert.deepEqual(await Array.fromAsync(mailbox.list(OURS)), []);
  });

  it('tells a subscriber of a parcel what the listing says of it, and when it was stored', async () => {
    const { mailbox, clock, arrivals, listener } = open();
    await mailbox.subscribe(OURS, listener).ready;
    await mailbox.store(parcelFor(OURS, 'one'), Buffer.from('parcel one'), TOMORROW);
    await settled();
    const [listed] = await Array.fromAsync(mailbox.list(OURS));
    assert.deepEqual(arrivals, [{ ...listed, storedAt: clock.now(), isSettled: false }]);
  });

  it('tells nobody of the parcels of others', async () => {
    const { mailbox, arrivals, listener } = open();
    await mailbox.subscribe(THEIRS, listener).ready;
    await mailbox.store(parcelFor(OURS, 'one'), Buffer.from('parcel one'), TOMORROW);
    await settled();
    assert.deepEqual(arrivals, []);
  });

  it('tells nobody of a parcel that could not be stored', async () => {
    const unavailable = new BackingUnavailableError('object-store', 'simulated');
    const before = () => {
      throw unavailable;
    };
    const { mailbox, arrivals, listener } = open({ before });
    await mailbox.subscribe(OURS, listener).ready;
    const storing = mailbox.store(parcelFor(OURS, 'one'), Buffer.from('one'), TOMORROW);
    await assert.rejects(storing, unavailable);
    await settled();
    assert.deepEqual(arrivals, []);
  });

  it('asks to list again for a signal that it does not understand', async () => {
    const { mailbox, signals, arrivals, listener, interruptions } = open();
    await mailbox.subscribe(OURS, listener).ready;
    const foreignKey = gatewayBoundKey(parcelFor(THEIRS, 'one'));
    const ownKey = gatewayBoundKey(parcelFor(OURS, 'one'));
    const messages = ['', 'v2', `1 - 10 2000 1000 ${foreignKey}`, `1 - ten 2000 1000 ${ownKey}`];
    for (const message of messages) {
      signals.publish(`arrivals/${OURS}`, message);
    }
    await settled();
    assert.deepEqual(arrivals, []);
    assert.equal(interruptions(), messages.length);
  });

  it('tells nothing more once the subscription is closed', async () => {
    const { mailbox, arrivals, listener } = open();
    const subscription = mailbox.subscribe(OURS, listener);
    await subscription.ready;
    subscription.close();
    await mailbox.store(parcelFor(OURS, 'one'), Buffer.from('parcel one'), TOMORROW);
    await settled();
    assert.deepEqual(arrivals, []);
  });
});
