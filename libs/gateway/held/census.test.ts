import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeId } from '#awala/node-id.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { InProcessHeldIndex } from '#held-index/in-process/held-index.ts';
import { LONGEST_ACCEPTING_MS, LONGEST_PUT_MS, MAX_READ_ENTRIES } from '#held-index/port.ts';
import { silentLog } from '#log/log.ts';
import { InMemoryObjectStore, type ObjectStoreCall } from '#object-store/in-memory.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { RecordedMetrics } from '#test/end-to-end/workers/recorded.ts';
import { Census } from './census.ts';
import { type HeldParcel, Mailbox } from './mailbox.ts';
import { formerGatewayBoundKey, gatewayBoundKey } from './object-keys.ts';

const OURS: NodeId = `0${'a'.repeat(64)}`;
const THEIRS: NodeId = `0${'b'.repeat(64)}`;
const START = new Date('2026-01-01T00:00:00Z');
const LIMITS = {
  intervalMs: 900_000,
  completeMs: 3_600_000,
  leaseMs: 60_000,
  partsAtOnce: 4,
  concurrency: 4,
};
const NEVER = new AbortController().signal;

function identityOf(privateGateway: NodeId, parcelId: string) {
  const recipient: NodeId = `0${'c'.repeat(64)}`;
  const sender: NodeId = `0${'d'.repeat(64)}`;
  return { privateGateway, recipient, sender, parcelId };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

class Setting {
  readonly clock = new ManualClock(START);
  calls: ObjectStoreCall[] = [];
  onCall = (_call: ObjectStoreCall): Promise<void> | void => {};
  readonly objects = new InMemoryObjectStore({
    clock: this.clock,
    pageSize: 100,
    before: (call) => {
      this.calls.push(call);
      return this.onCall(call);
    },
  });
  readonly heldIndex: InProcessHeldIndex;
  readonly signals = new InProcessSignals({ log: silentLog });
  readonly mailbox: Mailbox;
  /** Stores as a version without an index would. */
  readonly #mailboxWithout: Mailbox;
  readonly census: Census;
  readonly arrivals: HeldParcel[] = [];

  constructor(maxEntries = 10_000) {
    this.heldIndex = new InProcessHeldIndex({ clock: this.clock, maxEntries });
    this.mailbox = new Mailbox(this);
    this.#mailboxWithout = new Mailbox({ ...this.#ports, heldIndex: null });
    this.census = new Census({ ...this.#ports, mailbox: this.mailbox, log: silentLog }, LIMITS);
  }

  get #ports() {
    const { clock, objects, heldIndex, signals } = this;
    return { clock, objects, heldIndex, signals };
  }

  get expiresAt(): Date {
    return new Date(this.clock.now().getTime() + 86_400_000);
  }

  async store(privateGateway: NodeId, parcelId: string): Promise<string> {
    return this.mailbox.store(
      identityOf(privateGateway, parcelId),
      Buffer.from('1'),
      this.expiresAt,
    );
  }

  async storeWithoutEntry(privateGateway: NodeId, parcelId: string): Promise<string> {
    const identity = identityOf(privateGateway, parcelId);
    return this.#mailboxWithout.store(identity, Buffer.from('12'), this.expiresAt);
  }

  async keys(privateGateway: NodeId): Promise<string[]> {
    const parcels = await Array.fromAsync(this.mailbox.list(privateGateway));
    return parcels.map(({ key }) => key);
  }

  async count(): Promise<void> {
    await this.census.run(NEVER, () => 0);
  }

  async countAgain(): Promise<void> {
    this.clock.advance(LIMITS.intervalMs + 1);
    await this.count();
  }

  /** How often the store is listed, page by page, while something goes on. */
  async listingsDuring(work: () => Promise<unknown>): Promise<number> {
    this.calls = [];
    await work();
    return this.calls.filter(({ method }) => method === 'list').length;
  }

  subscribe(privateGateway: NodeId): Promise<void> {
    return this.mailbox.subscribe(privateGateway, {
      onArrival: (parcel) => this.arrivals.push(parcel),
      onInterrupted() {},
    }).ready;
  }
}

describe('a mailbox with an index', () => {
  it('tells the true size again after a replacement that was announced and never stored', async () => {
    const setting = new Setting();
    await setting.store(OURS, 'one');
    setting.onCall = ({ method }) => {
      if (method === 'put') {
        throw new BackingUnavailableError('object-store', 'told to fail');
      }
    };
    const replacing = setting.mailbox.store(
      identityOf(OURS, 'one'),
      Buffer.alloc(100_000),
      setting.expiresAt,
    );
    await assert.rejects(replacing, BackingUnavailableError);
    setting.onCall = () => {};
    const sizes = async () => {
      const parcels = await Array.fromAsync(setting.mailbox.list(OURS));
      return parcels.map(({ sizeOctets }) => sizeOctets);
    };
    await setting.count();
    assert.deepEqual(await sizes(), [100_000], 'it may still be on its way');
    await setting.countAgain();
    assert.deepEqual(await sizes(), [1]);
  });

  it('is listed until it is counted, and read from the index from then on', async () => {
    const setting = new Setting();
    const key = await setting.store(OURS, 'one');
    assert.equal(await setting.listingsDuring(() => setting.keys(OURS)), 1);
    await setting.count();
    const later = await setting.store(OURS, 'two');
    const keys = [key, later].sort();
    assert.equal(
      await setting.listingsDuring(async () => assert.deepEqual(await setting.keys(OURS), keys)),
      0,
    );
    const [first = '', second] = keys;
    const rest = await Array.fromAsync(setting.mailbox.list(OURS, { startAfter: first }));
    assert.deepEqual(
      rest.map((parcel) => parcel.key),
      [second],
    );
  });

  it('is announced a parcel before it is stored', async () => {
    const setting = new Setting();
    await setting.count();
    setting.onCall = async ({ method }) => {
      if (method === 'put') {
        assert.equal((await setting.keys(OURS)).length, 1);
      }
    };
    await setting.store(OURS, 'one');
  });

  it('signals a parcel again once its entry is written, if that came late', async () => {
    const setting = new Setting();
    await setting.count();
    await setting.subscribe(OURS);
    const writing = Promise.withResolvers<void>();
    const add = setting.heldIndex.add.bind(setting.heldIndex);
    setting.heldIndex.add = async (...given) => {
      const late = writing.promise.then(() => add(...given));
      return { token: null, isMissing: false, held: null, late };
    };
    const key = await setting.store(OURS, 'one');
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(setting.arrivals.length, 1);
    writing.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(
      setting.arrivals.map((parcel) => [parcel.key, parcel.token !== null]),
      [
        [key, false],
        [key, true],
      ],
    );
  });

  it('counts parcels that the index may not know, and stores them all the same', async () => {
    const setting = new Setting();
    const { clock, objects, signals } = setting;
    const heldIndex = new InProcessHeldIndex({ clock, maxEntries: 1 });
    const metrics = new RecordedMetrics();
    const mailbox = new Mailbox({ clock, objects, signals, heldIndex, metrics });
    for (const id of ['one', 'two', 'three']) {
      await mailbox.store(identityOf(OURS, id), Buffer.from('1'), setting.expiresAt);
    }
    assert.deepEqual(metrics.counts, { parcelNotIndexed: 2 });
    assert.equal((await Array.fromAsync(mailbox.list(OURS))).length, 3);
  });

  it('forgets what was removed, once it is deleted', async () => {
    const setting = new Setting();
    await setting.count();
    await setting.subscribe(OURS);
    await setting.store(OURS, 'one');
    await settled();
    const [parcel] = setting.arrivals;
    assert.ok(parcel?.generation);
    const { generation } = parcel;
    setting.onCall = async ({ method }) => {
      if (method === 'delete') {
        assert.equal((await setting.keys(OURS)).length, 1);
      }
    };
    await setting.mailbox.remove({ ...parcel, generation });
    assert.deepEqual(await setting.keys(OURS), []);
  });

  it('forgets what a courier acknowledged, if its put must have ended by then', async () => {
    const setting = new Setting();
    await setting.count();
    await setting.store(OURS, 'old');
    setting.clock.advance(LONGEST_PUT_MS + 1);
    const fresh = await setting.store(OURS, 'fresh');
    assert.equal(await setting.mailbox.acknowledge(identityOf(OURS, 'old')), true);
    assert.equal(await setting.mailbox.acknowledge(identityOf(OURS, 'fresh')), true);
    assert.deepEqual(await setting.keys(OURS), [fresh]);
    assert.deepEqual(await Array.fromAsync(setting.mailbox.listStored(OURS)), []);
    assert.equal(await setting.mailbox.acknowledge(identityOf(OURS, 'fresh')), false);
  });

  it('keeps the entry of a parcel that replaces another while that is acknowledged', async () => {
    const setting = new Setting();
    await setting.count();
    await setting.store(OURS, 'one');
    setting.clock.advance(LONGEST_PUT_MS + 1);
    let replaced = false;
    setting.onCall = async ({ method }) => {
      if (method === 'delete' && !replaced) {
        replaced = true;
        await setting.store(OURS, 'one');
        // However long the deletion takes.
        setting.clock.advance(LONGEST_PUT_MS + 1);
      }
    };
    await setting.mailbox.acknowledge(identityOf(OURS, 'one'));
    assert.equal((await setting.keys(OURS)).length, 1);
  });

  it('deletes what was stored under the key of a former version, once that is acknowledged', async () => {
    const setting = new Setting();
    const identity = identityOf(OURS, 'one');
    const key = formerGatewayBoundKey(identity);
    await setting.objects.put(key, Buffer.from('1'), { expiresAt: setting.expiresAt });
    await setting.count();
    assert.deepEqual(await setting.keys(OURS), [key]);
    assert.equal(await setting.mailbox.acknowledge(identity), true);
    assert.deepEqual(await Array.fromAsync(setting.mailbox.listStored(OURS)), []);
  });
});

describe('a census', () => {
  it('adds what the index lacks, and tells its collectors', async () => {
    const setting = new Setting();
    await setting.count();
    await setting.subscribe(OURS);
    const keys = [
      await setting.storeWithoutEntry(OURS, 'one'),
      await setting.storeWithoutEntry(OURS, 'two'),
      await setting.storeWithoutEntry(OURS, 'three'),
    ];
    await settled();
    setting.arrivals.length = 0;
    assert.deepEqual(await setting.keys(OURS), []);
    await setting.countAgain();
    assert.deepEqual(await setting.keys(OURS), keys.sort());
    await settled();
    assert.deepEqual(setting.arrivals.map(({ key }) => key).sort(), keys);
  });

  it('tells nobody of what the index knows', async () => {
    const setting = new Setting();
    await setting.store(OURS, 'one');
    await setting.subscribe(OURS);
    await setting.count();
    await setting.countAgain();
    await settled();
    assert.deepEqual(setting.arrivals, []);
  });

  it('removes entries of what is not stored, once their put must have ended', async () => {
    const setting = new Setting();
    await setting.count();
    const object = { name: 'never', sizeOctets: 1, expiresAt: setting.expiresAt };
    setting.clock.advance(LIMITS.intervalMs - LONGEST_PUT_MS);
    await setting.heldIndex.add(OURS, object);
    const kept = await setting.store(THEIRS, 'one');
    await setting.heldIndex.add(THEIRS, object);
    setting.clock.advance(LONGEST_PUT_MS);
    await setting.count();
    assert.equal((await setting.keys(OURS)).length, 1);
    assert.equal((await setting.keys(THEIRS)).length, 2);
    await setting.countAgain();
    assert.deepEqual(await setting.keys(OURS), []);
    assert.deepEqual(await setting.keys(THEIRS), [kept]);
  });

  it('makes a mailbox readable again that had too much in it', async () => {
    const setting = new Setting();
    await setting.count();
    const count = MAX_READ_ENTRIES + 1;
    const keys: string[] = [];
    for (let index = 0; index < count; index++) {
      keys.push(await setting.store(OURS, `${index}`));
    }
    assert.equal(await setting.heldIndex.read(OURS), null);
    await setting.countAgain();
    assert.equal((await setting.keys(OURS)).length, count);
    assert.equal((await setting.heldIndex.totals())?.objects, count);
    // Collected by listings, which tell no tokens.
    const [kept = '', ...collected] = keys;
    for (const key of collected) {
      await setting.objects.delete(key);
    }
    assert.equal(await setting.heldIndex.read(OURS), null);
    await setting.countAgain();
    const left = await setting.heldIndex.read(OURS);
    assert.deepEqual(
      left?.map(({ name }) => name),
      [kept.split('/').at(-1)],
    );
  });

  it('keeps the entry of a parcel whose put is under way while its mailbox is listed', async () => {
    const setting = new Setting();
    setting.clock.advance(LONGEST_PUT_MS);
    const putting = Promise.withResolvers<void>();
    setting.onCall = ({ method }) => (method === 'put' ? putting.promise : undefined);
    const storing = setting.store(OURS, 'one');
    await setting.count();
    putting.resolve();
    const key = await storing;
    assert.deepEqual(await setting.keys(OURS), [key]);
  });

  it('waits before it lists for what may be about to be stored without an entry', async () => {
    const setting = new Setting(0);
    const putting = Promise.withResolvers<void>();
    setting.onCall = ({ method }) => (method === 'put' ? putting.promise : undefined);
    const storing = setting.store(OURS, 'one');
    await setting.subscribe(OURS);
    const counting = setting.count();
    assert.equal(await setting.listingsDuring(settled), 15);
    putting.resolve();
    await storing;
    setting.clock.advance(LONGEST_ACCEPTING_MS);
    await counting;
    assert.equal((await setting.heldIndex.totals())?.objects, 1);
  });

  it('adds up what is held and has not expired', async () => {
    const setting = new Setting();
    await setting.storeWithoutEntry(OURS, 'one');
    setting.clock.advance(60_000);
    await setting.store(THEIRS, 'two');
    await setting.count();
    assert.deepEqual(await setting.heldIndex.totals(), { objects: 2, octets: 3, oldestAt: START });
    setting.clock.advance(86_400_000 - 60_000);
    await setting.count();
    const oldestAt = new Date(START.getTime() + 60_000);
    assert.deepEqual(await setting.heldIndex.totals(), { objects: 1, octets: 1, oldestAt });
  });

  it('lists each part once per interval, however many take part', async () => {
    const setting = new Setting();
    const { mailbox } = setting;
    const other = new Census({ ...setting, mailbox, log: silentLog }, LIMITS);
    const both = () => Promise.all([setting.count(), other.run(NEVER, () => 0.5)]);
    assert.equal(await setting.listingsDuring(both), 16);
    assert.equal(await setting.listingsDuring(both), 0);
    setting.clock.advance(LIMITS.intervalMs + 1);
    assert.equal(await setting.listingsDuring(both), 16);
  });

  it('leaves a part incomplete where listing it fails, and counts it as soon as it may', async () => {
    const setting = new Setting();
    setting.onCall = ({ method, key }) => {
      if (method === 'list' && key.endsWith('/0a')) {
        throw new BackingUnavailableError('object-store', 'simulated');
      }
    };
    await assert.rejects(setting.count(), BackingUnavailableError);
    assert.equal(await setting.heldIndex.read(OURS), null);
    setting.onCall = () => {};
    setting.clock.advance(LIMITS.leaseMs + 1);
    await setting.count();
    assert.deepEqual(await setting.heldIndex.read(OURS), []);
  });

  it('ends when it is told to', async () => {
    const setting = new Setting();
    const stop = new AbortController();
    setting.onCall = ({ method }) => {
      if (method === 'list') {
        stop.abort(new Error('the process is stopping'));
      }
    };
    await setting.storeWithoutEntry(OURS, 'one');
    await assert.rejects(setting.census.run(stop.signal), /the process is stopping/);
  });

  it('gives up a part that was given to another meanwhile', async () => {
    const setting = new Setting();
    await setting.storeWithoutEntry(OURS, 'one');
    setting.onCall = async ({ method, key }) => {
      if (method === 'list' && key.endsWith('/0a')) {
        setting.onCall = () => {};
        setting.clock.advance(LIMITS.leaseMs + 1);
        assert.ok(await setting.heldIndex.claim('a', LIMITS));
      }
    };
    await assert.rejects(setting.count(), /the claim was lost/);
    assert.equal(await setting.heldIndex.read(OURS), null);
  });
});

it('gives the same key to the same parcel only', () => {
  const keys = ['one', 'two', 'one'].map((id) => gatewayBoundKey(identityOf(OURS, id)));
  assert.equal(keys[0], keys[2]);
  assert.notEqual(keys[0], keys[1]);
});
