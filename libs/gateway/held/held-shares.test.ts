import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Refusal } from '#awala/errors.ts';
import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { InProcessHeldIndex } from '#held-index/in-process/held-index.ts';
import { PARTS } from '#held-index/port.ts';
import { silentLog } from '#log/log.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import type { HeldSettings } from './held-bounds.ts';
import { type HeldAddition, HeldShares } from './held-shares.ts';
import { Mailbox } from './mailbox.ts';
import { holderName } from './object-keys.ts';

const A = `0${'a'.repeat(64)}`;
const B = `0${'b'.repeat(64)}`;
const IN_A_WEEK = 7 * 86_400_000;
const MIB = 1_024 * 1_024;
const SETTINGS: HeldSettings = { parcels: 0, octets: 0, percentOfRoom: 25, storeOctets: 0 };

/** What was counted. */
class Counted {
  readonly counts: string[] = [];
  overShare(what: string, who: string): void {
    this.counts.push(`${what} ${who}`);
  }
}

function isOverShare(error: unknown): boolean {
  return (error as Refusal).code === 'over-share' && (error as Refusal).againInMs === 600_000;
}

describe('A store on a disk', () => {
  const expiresAt = new Date('2030-01-01T00:00:00Z');
  let clock: ManualClock;
  let objects: InMemoryObjectStore;
  let metrics: Counted;
  let reads: number;

  beforeEach(() => {
    clock = new ManualClock();
    metrics = new Counted();
    const room = { leftOctets: 100 * MIB };
    objects = new InMemoryObjectStore({ room });
    reads = 0;
    const holdings = objects.holdings?.bind(objects);
    Object.assign(objects, {
      holdings: async (holder: string) => {
        reads += holder === '' ? 0 : 1;
        return holdings?.(holder);
      },
    });
  });

  function open(settings: Partial<HeldSettings> = {}): HeldShares {
    return new HeldShares({ objects, clock, metrics }, { ...SETTINGS, ...settings });
  }

  let made = 0;

  function put(shares: HeldShares, octets: number, more: Partial<HeldAddition> = {}) {
    const holder = { privateGateway: A, isEstablished: true };
    const addition: HeldAddition = { holder, octets, as: 'sent', ...more };
    return shares.store(addition, () =>
      objects.put(`key/${made++}`, new Uint8Array(octets), {
        expiresAt,
        holder: holderName(addition.holder.privateGateway, addition.as),
      }),
    );
  }

  async function fill(shares: HeldShares, more: Partial<HeldAddition> = {}): Promise<number> {
    for (let parcels = 0; ; parcels++) {
      try {
        await put(shares, MIB, more);
      } catch (error) {
        assert.ok(isOverShare(error), String(error));
        return parcels;
      }
    }
  }

  it('takes a fifth of its room from one, and then from others', async () => {
    const shares = open();
    assert.equal(await fill(shares), 20);
    assert.deepEqual(metrics.counts, ['store client']);
    const other = { holder: { privateGateway: B, isEstablished: true } };
    assert.equal(await fill(shares, other), 16);
  });

  it('is read once for each, and again when it matters, once a second at most', async () => {
    const shares = open();
    await fill(shares);
    await fill(shares);
    assert.equal(reads, 1);
    clock.advance(1_000);
    await fill(shares);
    assert.equal(reads, 2);
  });

  it('takes more once something was collected', async () => {
    const shares = open();
    await fill(shares);
    await objects.delete('key/0');
    for (let key = 0; key < made; key++) {
      await objects.delete(`key/${key}`);
    }
    clock.advance(1_000);
    assert.equal(await fill(shares), 20);
  });

  it('takes no more though parcels come at once, nor counts what failed', async () => {
    const shares = open();
    const all = await Promise.allSettled(Array.from({ length: 50 }, () => put(shares, MIB)));
    assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 20);
    const other = { holder: { privateGateway: B, isEstablished: true }, octets: 10 * MIB };
    for (let times = 0; times < 3; times++) {
      const failing = shares.store({ ...other, as: 'sent' }, async () => {
        throw new TypeError('lost');
      });
      await assert.rejects(failing, TypeError);
    }
    await put(shares, 10 * MIB, other);
  });

  it('keeps its last quarter from newcomers', async () => {
    const shares = open();
    for (let name = 0; name < 300; name++) {
      const privateGateway = `0${String(name).padStart(64, '0')}`;
      await fill(shares, { holder: { privateGateway, isEstablished: false } });
    }
    const room = (await objects.holdings?.(''))?.room;
    assert.ok(room && room.leftOctets >= 25 * MIB);
    assert.ok((await fill(shares)) >= 5);
  });

  it('takes so many parcels of one, however small, and then still replacements', async () => {
    const shares = open({ parcels: 3 });
    assert.equal(await fill(shares), 3);
    await put(shares, 1, { isReplacement: true });
  });

  it('takes cargo of one that holds its share, and what the Internet sends to it', async () => {
    const shares = open({ parcels: 3 });
    assert.equal(await fill(shares), 3);
    assert.equal(await fill(shares, { as: 'cargo' }), 3);
    assert.equal(await fill(shares, { as: 'received' }), 3);
  });

  it('takes cargo of newcomers in its last quarter, and the parcels in it', async () => {
    const shares = open();
    for (let name = 0; name < 300; name++) {
      const privateGateway = `0${String(name).padStart(64, '0')}`;
      await fill(shares, { holder: { privateGateway, isEstablished: false } });
    }
    const holder = { privateGateway: A, isEstablished: false };
    await assert.rejects(put(shares, MIB, { holder }), isOverShare);
    await put(shares, MIB, { holder, as: 'cargo' });
    await put(shares, MIB, { holder, isMove: true });
  });

  it('admits nobody unread after a read that failed', async () => {
    const shares = open({ parcels: 3 });
    await fill(shares);
    const again = open({ parcels: 3 });
    const { holdings } = objects;
    const failing = async () => {
      throw new BackingUnavailableError('object-store', 'away');
    };
    Object.assign(objects, { holdings: failing });
    await assert.rejects(put(again, 1), BackingUnavailableError);
    await assert.rejects(put(again, 1), BackingUnavailableError);
    Object.assign(objects, { holdings });
    await assert.rejects(put(again, 1), isOverShare);
  });

  it('is full when a reserve is left of what it may be given, but takes moves', async () => {
    const shares = open({ storeOctets: 16 * MIB, percentOfRoom: 0 });
    for (let parcels = 0; parcels < 15; parcels++) {
      await put(shares, MIB);
    }
    await assert.rejects(put(shares, 1), BackingFullError);
    await put(shares, 1, { isMove: true });
    assert.deepEqual(metrics.counts, []);
  });
});

describe('A bucket', () => {
  const PART_OF_A = { intervalMs: 900_000, completeMs: 9_000_000, leaseMs: 60_000 };
  let clock: ManualClock;
  let index: InProcessHeldIndex;
  let shares: HeldShares;
  let mailbox: Mailbox;
  let calls: number;
  let made = 0;

  beforeEach(async () => {
    clock = new ManualClock();
    index = new InProcessHeldIndex({ clock, maxEntries: 1_000 });
    calls = 0;
    const totalsOf = index.totalsOf.bind(index);
    index.totalsOf = (name) => {
      calls += 1;
      return totalsOf(name);
    };
    open({ octets: 10 * MIB });
  });

  function open(settings: Partial<HeldSettings>): void {
    const objects = new InMemoryObjectStore();
    const parts = { objects, heldIndex: index, clock };
    shares = new HeldShares({ ...parts, metrics: new Counted() }, { ...SETTINGS, ...settings });
    const signals = new InProcessSignals({ log: silentLog });
    mailbox = new Mailbox({ ...parts, signals, onHeld: shares.heard });
  }

  /** Some other process, or the census, has counted all parts. */
  async function counted(octets: number): Promise<void> {
    for (const part of PARTS) {
      const claim = await index.claim(part, PART_OF_A);
      const own = part === 'a' ? octets : 0;
      assert.ok(await claim?.complete({ objects: 1, octets: own, oldestAt: clock.now() }));
    }
  }

  async function put(octets = MIB, isEstablished = true): Promise<void> {
    const holder = { privateGateway: A, isEstablished };
    const parcel = { privateGateway: A, recipient: 'r', sender: 's', parcelId: `${made++}` };
    const expiresAt = new Date(clock.now().getTime() + IN_A_WEEK);
    await shares.store({ holder, octets, as: 'received' }, () =>
      mailbox.store(parcel, new Uint8Array(octets), expiresAt),
    );
  }

  it('tells by each parcel how much a mailbox holds, and is asked only past the quota', async () => {
    await counted(0);
    for (let parcels = 0; parcels < 10; parcels++) {
      await put();
    }
    assert.equal(calls, 0);
    await assert.rejects(put(), isOverShare);
    assert.equal(calls, 1);
  });

  it('is full when a reserve is left of its quota', async () => {
    await counted(159 * MIB);
    open({ storeOctets: 160 * MIB });
    await assert.rejects(put(), BackingFullError);
  });

  it('bounds what one may hold by what is left of its quota', async () => {
    await counted(110 * MIB);
    open({ storeOctets: 160 * MIB });
    await assert.rejects(put(11 * MIB), isOverShare);
    for (let parcels = 0; parcels < 8; parcels++) {
      await put();
    }
    await assert.rejects(put(), isOverShare);
  });

  it('has no room for newcomers in its last quarter', async () => {
    await counted(120 * MIB);
    open({ storeOctets: 160 * MIB });
    await assert.rejects(put(MIB, false), isOverShare);
    await put(MIB, true);
  });

  it('is thought to be as full as it was while the index is away', async () => {
    await counted(159 * MIB);
    open({ storeOctets: 160 * MIB });
    await assert.rejects(put(), BackingFullError);
    index.totals = () => Promise.reject(new BackingUnavailableError('held-index', 'away'));
    clock.advance(60_000);
    await assert.rejects(put(), BackingFullError);
  });

  it('is waited for no longer than an index may take', async () => {
    await counted(0);
    open({ storeOctets: 160 * MIB });
    index.totals = () => new Promise(() => {});
    const storing = put();
    clock.advance(100);
    await storing;
  });

  it('takes what comes until it was counted for the first time', async () => {
    open({ storeOctets: 160 * MIB });
    await put();
  });

  it('counts what was stored since it was counted, for half an hour or longer', async () => {
    await counted(0);
    open({ storeOctets: 16 * MIB, percentOfRoom: 0 });
    for (let parcels = 0; parcels < 15; parcels++) {
      await put();
    }
    clock.advance(600_000);
    await assert.rejects(put(), BackingFullError);
    clock.advance(3_600_000);
    await put();
  });
});
