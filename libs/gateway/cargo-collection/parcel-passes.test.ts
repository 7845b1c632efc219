import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { completeAll } from '#held-index/contract/opened-index.ts';
import { InProcessHeldIndex } from '#held-index/in-process/held-index.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { RecordedLog, RecordedMetrics } from '#test/end-to-end/workers/recorded.ts';
import { type HeldParcel, Mailbox } from '../held/mailbox.ts';
import { CollectionProgress, parcelSegment, START } from './collection-progress.ts';
import { CourierReach } from './courier-reach.ts';
import { ParcelPasses } from './parcel-passes.ts';
import { FITTING_CLASSES, FoundClasses, OVERSIZE } from './size-classes.ts';

const PEER = `0${'a'.repeat(64)}`;
const KB = 1_000;
const courier = { fittingOctets: 4_190 * KB, takesOversize: true };

/** A mailbox, and passes over it that start anew each time. */
class Setting {
  readonly clock = new ManualClock();
  readonly log = new RecordedLog();
  readonly metrics = new RecordedMetrics();
  readonly mailbox: Mailbox;
  readonly heldIndex = new InProcessHeldIndex({ clock: this.clock, maxEntries: 100 });
  progress = new CollectionProgress();
  reach = new CourierReach();
  found = new FoundClasses();
  listings = 0;
  /** Entries that all listings gave. */
  listed = 0;
  #isStarted = false;
  #listedAtMost = Number.POSITIVE_INFINITY;

  constructor() {
    const count = ({ method }: { method: string }) => {
      this.listings += method === 'list' && this.#isStarted ? 1 : 0;
    };
    const objects = new InMemoryObjectStore({ before: count });
    const signals = new InProcessSignals({ log: this.log });
    const { clock, heldIndex } = this;
    this.mailbox = new Mailbox({ objects, signals, heldIndex, clock });
    const list = this.mailbox.list.bind(this.mailbox);
    this.mailbox.list = (...given) => this.#counted(list(...given));
  }

  async *#counted(entries: AsyncIterable<HeldParcel>): AsyncGenerator<HeldParcel> {
    for await (const entry of entries) {
      if (this.listed >= this.#listedAtMost) {
        throw new Error('the call is over');
      }
      this.listed += 1;
      yield entry;
    }
  }

  async hold(sizes: readonly number[], parcelId?: string): Promise<void> {
    for (const octets of sizes) {
      const identity = { privateGateway: PEER, recipient: `0${'b'.repeat(64)}` };
      const id = { sender: `0${'c'.repeat(64)}`, parcelId: parcelId ?? randomUUID() };
      const expiresAt = new Date(this.clock.now().getTime() + 3_600_000);
      await this.mailbox.store({ ...identity, ...id }, new Uint8Array(octets), expiresAt);
    }
  }

  /** Makes all passes. @returns the sizes of what they brought, and where it was */
  async pass({ takesOversize = true } = {}): Promise<{ sizes: number[]; places: string[] }> {
    this.listings = 0;
    this.#isStarted = true;
    const { progress, reach, found } = this;
    const mailbox = { peer: PEER, courier: { ...courier, takesOversize }, progress, reach, found };
    const passes = new ParcelPasses(this, mailbox, new AbortController().signal);
    const sizes: number[] = [];
    const places: string[] = [];
    for (const sizeClass of [...FITTING_CLASSES, OVERSIZE]) {
      for await (const { place, sizeOctets } of passes.of(sizeClass)) {
        sizes.push(sizeOctets);
        places.push(place);
      }
    }
    return { sizes, places };
  }

  /** A call that is over once so many entries were listed. @returns the places of what it brought, all acknowledged */
  async passUpTo(entries: number): Promise<string[]> {
    const { progress, reach, found } = this;
    const mailbox = { peer: PEER, courier, progress, reach, found };
    const passes = new ParcelPasses(this, mailbox, new AbortController().signal);
    this.#listedAtMost = this.listed + entries;
    const places: string[] = [];
    try {
      for (const sizeClass of [...FITTING_CLASSES, OVERSIZE]) {
        for await (const { place } of passes.of(sizeClass)) {
          places.push(place);
          progress.add({ after: places.at(-2) ?? parcelSegment(sizeClass), upTo: place });
        }
      }
    } catch (error) {
      assert.match(String(error), /the call is over/);
    } finally {
      this.#listedAtMost = Number.POSITIVE_INFINITY;
    }
    return places;
  }
}

describe('passes over a mailbox', () => {
  it('bring the small before the large, each class in order of key', async () => {
    const setting = new Setting();
    await setting.hold([900 * KB, 5_000 * KB, 1, 100 * KB, 3_000 * KB, 60 * KB, 2, 110 * KB]);
    const { sizes, places } = await setting.pass();
    assert.deepEqual(new Set(sizes.slice(0, 2)), new Set([1, 2]));
    assert.equal(sizes[2], 60 * KB);
    assert.deepEqual(new Set(sizes.slice(3, 5)), new Set([100 * KB, 110 * KB]));
    assert.deepEqual(sizes.slice(5), [900 * KB, 3_000 * KB, 5_000 * KB]);
    assert.deepEqual([...places].sort(), places);
  });

  it('bring what lives longer than what was to replace it, and never did', async () => {
    const setting = new Setting();
    await completeAll(setting.heldIndex);
    await setting.hold([KB]);
    const [entry] = (await setting.heldIndex.read(PEER)) ?? [];
    const expiresAt = new Date(setting.clock.now().getTime() + 1_000);
    await setting.heldIndex.add(PEER, { name: String(entry?.name), sizeOctets: KB, expiresAt });
    setting.clock.advance(1_000);
    assert.deepEqual((await setting.pass()).sizes, [KB]);
  });

  it('cost one listing where there are small parcels only, or nothing', async () => {
    const setting = new Setting();
    await setting.pass();
    assert.equal(setting.listings, 1);
    await setting.hold(new Array(50).fill(KB));
    await setting.pass();
    assert.equal(setting.listings, 1);
  });

  it('cost one more for each larger class of which there is something', async () => {
    const setting = new Setting();
    await setting.hold([1, 900 * KB, 950 * KB, 5_000 * KB]);
    await setting.pass();
    assert.equal(setting.listings, 3);
  });

  it('resume behind what was collected, and list for no class that there is nothing of', async () => {
    const setting = new Setting();
    await setting.hold([...new Array(20).fill(KB), 900 * KB]);
    const { places } = await setting.pass();
    setting.progress.add({ after: START, upTo: places[9] ?? '' });
    const rest = await setting.pass();
    assert.deepEqual(rest.places, places.slice(10));
    assert.equal(setting.listings, 2);
    setting.progress.add({ after: START, upTo: places[20] ?? '' });
    assert.deepEqual((await setting.pass()).places, []);
  });

  it('get on though a listing takes longer than any call', async () => {
    const setting = new Setting();
    await setting.hold(new Array(2_000).fill(1));
    await setting.hold([900 * KB, 950 * KB]);
    const { places } = await setting.pass();
    setting.progress = new CollectionProgress([{ after: START, upTo: places[1_999] ?? '' }]);
    setting.listed = 0;
    const brought: string[] = [];
    for (let call = 0; call < 8; call++) {
      brought.push(...(await setting.passUpTo(600)));
    }
    assert.deepEqual(brought, places.slice(2_000));
    assert.ok(setting.listed < 4_000, `${setting.listed} entries listed`);
  });

  it('leave out what a client does not take or a courier does not carry, say so, and list no more for it', async () => {
    const setting = new Setting();
    await setting.hold([1, 900 * KB, 950 * KB, 5_000 * KB, 800 * KB]);
    for (let call = 0; call < 3; call++) {
      setting.reach.failed(900 * KB);
    }
    const { sizes } = await setting.pass({ takesOversize: false });
    assert.deepEqual(sizes, [1, 800 * KB]);
    assert.equal(setting.listings, 2);
    assert.equal(setting.metrics.counts['parcelsLeftByCourier too-slow'], 2);
    assert.equal(setting.metrics.counts['parcelsLeftByCourier too-large'], 1);
    assert.equal(setting.log.lines.length, 2);
  });

  it('do not bring what was replaced by something of a larger class meanwhile', async () => {
    const setting = new Setting();
    await setting.hold([10], 'one');
    const { progress, reach, found } = setting;
    const mailbox = { peer: PEER, courier, progress, reach, found };
    const passes = new ParcelPasses(setting, mailbox, new AbortController().signal);
    const [item] = await Array.fromAsync(passes.of(0));
    assert.equal((await item?.read())?.octets.length, 10);
    await setting.hold([20 * KB], 'one');
    assert.equal(await item?.read(), null);
    await setting.hold([12], 'one');
    assert.equal((await item?.read())?.octets.length, 12);
  });
});
