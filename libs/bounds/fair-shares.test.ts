import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '#clock/manual-clock.ts';
import { FairShares, type Share, type Who } from './fair-shares.ts';

/** Holds many shares of 1 for `who`, and notes those that gave way by their number. */
function holdMany(shares: FairShares, who: Who, count: number, gaveWay: number[] = []) {
  return Array.from({ length: count }, (_, index) =>
    shares.take(who, 1, () => void gaveWay.push(index)),
  );
}

function countHeld(held: readonly (Share | null)[], gaveWay: readonly number[]): number {
  return held.filter((share) => share !== null).length - gaveWay.length;
}

describe('FairShares', () => {
  it('gives anybody all there is while nobody else wants it', () => {
    const shares = new FairShares({ capacity: 10 });
    const held = holdMany(shares, ['a', '1'], 10);
    assert.ok(held.every((share) => share !== null));
    assert.equal(shares.held, 10);
  });

  it('refuses the only holder what is not there', () => {
    const shares = new FairShares({ capacity: 10 });
    holdMany(shares, ['a', '1'], 10);
    assert.equal(
      shares.take(['a', '1'], 1, () => {}),
      null,
    );
    assert.equal(shares.held, 10);
  });

  it('takes from the largest holder for a newcomer, until both hold the same', () => {
    const shares = new FairShares({ capacity: 10 });
    const gaveWay: number[] = [];
    holdMany(shares, ['a', '1'], 10, gaveWay);
    const newcomer = holdMany(shares, ['b', '1'], 10);
    assert.equal(countHeld(newcomer, []), 5);
    assert.equal(gaveWay.length, 5);
  });

  it('lets the idlest of the largest holder give way', () => {
    const shares = new FairShares({ capacity: 3 });
    const gaveWay: number[] = [];
    const [first] = holdMany(shares, ['a', '1'], 3, gaveWay);
    first?.touch();
    holdMany(shares, ['b', '1'], 1);
    assert.deepEqual(gaveWay, [1]);
  });

  it('takes within the own group only once that is as large as any', () => {
    const shares = new FairShares({ capacity: 10 });
    const neighbours: number[] = [];
    const others: number[] = [];
    holdMany(shares, ['a', 'greedy'], 5, neighbours);
    holdMany(shares, ['b', '1'], 5, others);
    assert.notEqual(
      shares.take(['a', 'modest'], 1, () => {}),
      null,
    );
    assert.equal(neighbours.length, 1);
    assert.equal(others.length, 0);
  });

  it('counts ten thousand names in one group as one', () => {
    const shares = new FairShares({ capacity: 1_000 });
    for (let name = 0; name < 10_000; name += 1) {
      shares.take(['crowd', String(name)], 1, () => {});
    }
    const honest: number[] = [];
    const held = holdMany(shares, ['honest', '1'], 400, honest);
    for (let name = 0; name < 10_000; name += 1) {
      shares.take(['crowd', `again ${name}`], 1, () => {});
    }
    assert.equal(countHeld(held, honest), 400);
  });

  it('calls a share that gave way once, and counts its release no more', () => {
    const shares = new FairShares({ capacity: 2 });
    const gaveWay: number[] = [];
    const held = holdMany(shares, ['a', '1'], 2, gaveWay);
    holdMany(shares, ['b', '1'], 1);
    for (const share of held) {
      share?.release();
      share?.release();
    }
    assert.deepEqual(gaveWay, [0]);
    assert.equal(shares.held, 1);
  });

  it('lets a share grow within what is fair, and not once it gave way', () => {
    const shares = new FairShares({ capacity: 10 });
    let gaveWay = 0;
    const large = shares.take(['a', '1'], 0, () => {
      gaveWay += 1;
    });
    assert.equal(large?.grow(9), true);
    const small = shares.take(['b', '1'], 0, () => {});
    assert.equal(small?.grow(4), true);
    assert.equal(gaveWay, 1);
    assert.equal(large?.grow(1), false);
    assert.equal(shares.held, 4);
  });

  it('lets nothing give way that is kept, and still counts it', () => {
    const shares = new FairShares({ capacity: 4 });
    const gaveWay: number[] = [];
    for (const share of holdMany(shares, ['a'], 3, gaveWay)) {
      share?.keep();
    }
    holdMany(shares, ['b'], 1, gaveWay);
    assert.equal(
      shares.take(['c'], 1, () => {}),
      null,
    );
    assert.deepEqual(gaveWay, []);
    assert.equal(shares.held, 4);
  });

  it('lets give way again what is no longer kept', () => {
    const shares = new FairShares({ capacity: 3 });
    const gaveWay: number[] = [];
    const held = holdMany(shares, ['a'], 3, gaveWay);
    for (const share of held) {
      share?.keep();
    }
    held[1]?.loosen();
    assert.notEqual(
      shares.take(['b'], 1, () => {}),
      null,
    );
    assert.deepEqual(gaveWay, [1]);
  });

  it('takes from the next largest where the largest has nothing that may give way', () => {
    const shares = new FairShares({ capacity: 5 });
    const gaveWay: number[] = [];
    for (const share of holdMany(shares, ['a'], 3)) {
      share?.keep();
    }
    holdMany(shares, ['b'], 2, gaveWay);
    assert.notEqual(
      shares.take(['c'], 1, () => {}),
      null,
    );
    assert.deepEqual(gaveWay, [0]);
  });

  it('lets one that is idle give way to another of its group', () => {
    const clock = new ManualClock();
    const shares = new FairShares({ capacity: 2, idle: { afterMs: 1_000, clock } });
    const gaveWay: number[] = [];
    const [first] = holdMany(shares, ['a'], 2, gaveWay);
    clock.advance(999);
    assert.equal(
      shares.take(['a'], 1, () => {}),
      null,
    );
    first?.touch();
    clock.advance(1);
    assert.notEqual(
      shares.take(['a'], 1, () => {}),
      null,
    );
    assert.deepEqual(gaveWay, [1]);
  });

  it('lets one that is idle give way to a newcomer where all hold the same', () => {
    const clock = new ManualClock();
    const shares = new FairShares({ capacity: 2, idle: { afterMs: 1_000, clock } });
    const gaveWay: number[] = [];
    holdMany(shares, ['a'], 1, gaveWay);
    holdMany(shares, ['b'], 1, gaveWay);
    clock.advance(1_000);
    assert.notEqual(
      shares.take(['c'], 1, () => {}),
      null,
    );
    assert.equal(gaveWay.length, 1);
  });

  it('lets no idle one give way to somebody who holds more', () => {
    const clock = new ManualClock();
    const shares = new FairShares({ capacity: 3, idle: { afterMs: 1_000, clock } });
    const gaveWay: number[] = [];
    holdMany(shares, ['idle'], 1, gaveWay);
    clock.advance(1_000);
    const held = holdMany(shares, ['greedy'], 3, gaveWay);
    assert.equal(countHeld(held, []), 2);
    assert.deepEqual(gaveWay, []);
  });

  it('lets the own idlest give way to one who comes again, if shares are renewed', () => {
    const shares = new FairShares({ capacity: 3, renews: true });
    const own: number[] = [];
    const others: number[] = [];
    const [first] = holdMany(shares, ['a', '1'], 2, own);
    holdMany(shares, ['a', '2'], 1, others);
    first?.touch();
    assert.notEqual(
      shares.take(['a', '1'], 1, () => {}),
      null,
    );
    assert.deepEqual(own, [1]);
    assert.deepEqual(others, []);
  });

  it('does not let an idle one give way to itself when it grows', () => {
    const clock = new ManualClock();
    const shares = new FairShares({ capacity: 2, idle: { afterMs: 1_000, clock } });
    let gaveWay = 0;
    const share = shares.take(['a'], 2, () => {
      gaveWay += 1;
    });
    clock.advance(1_000);
    assert.equal(share?.grow(1), false);
    assert.equal(gaveWay, 0);
    share?.release();
    assert.equal(shares.held, 0);
  });

  it('heeds that there is more or less than before', () => {
    const size = { capacity: 1 };
    const shares = new FairShares(size);
    holdMany(shares, ['a'], 1);
    size.capacity = 2;
    assert.notEqual(
      shares.take(['b'], 1, () => {}),
      null,
    );
    size.capacity = 1;
    assert.equal(
      shares.take(['c'], 1, () => {}),
      null,
    );
    assert.equal(shares.held, 2);
  });

  it('tells how wide the group was that held too much', () => {
    const widths: boolean[] = [];
    const onGivenWay = (isNarrowest: boolean) => widths.push(isNarrowest);
    const shares = new FairShares({ capacity: 2, onGivenWay });
    holdMany(shares, ['a', '1'], 2);
    holdMany(shares, ['a', '2'], 1);
    holdMany(shares, ['b', '1'], 1);
    assert.deepEqual(widths, [true, false]);
  });

  it('lets the idlest give way of many that hold the same', () => {
    const clock = new ManualClock();
    const shares = new FairShares({ capacity: 9, idle: { clock, afterMs: 1_000 } });
    const gaveWay: string[] = [];
    const held = Array.from('abcdefghi', (name) =>
      shares.take(['network', name], 1, () => void gaveWay.push(name)),
    );
    for (const index of [3, 1, 0, 7, 8, 2, 6, 5]) {
      clock.advance(200);
      held[index]?.touch();
    }
    for (const name of ['w', 'x', 'y', 'z']) {
      shares.take(['network', name], 1, () => {});
    }
    assert.deepEqual(gaveWay, ['e', 'd', 'b', 'a']);
    assert.equal(
      shares.take(['network', 'one more'], 1, () => {}),
      null,
    );
  });
});

type Action = readonly [network: string, client: string, amount: number];
type Step =
  | { readonly take: Action }
  | { readonly grow: number }
  | { readonly release: number }
  | { readonly keep: number };

const NAMES = fc.constantFrom('a', 'b', 'c', 'd');
const ACTION: fc.Arbitrary<Action> = fc.tuple(NAMES, NAMES, fc.integer({ min: 1, max: 4 }));
const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: ACTION.map((take) => ({ take })) },
  { weight: 1, arbitrary: fc.nat().map((grow) => ({ grow })) },
  { weight: 1, arbitrary: fc.nat().map((release) => ({ release })) },
  { weight: 1, arbitrary: fc.nat().map((keep) => ({ keep })) },
);

interface Entry {
  readonly network: string;
  readonly client: string;
  amount: number;
  isKept: boolean;
  readonly share: Share;
}

/** Counts by itself what is held by whom. */
class Ledger {
  readonly capacity: number;
  readonly shares: FairShares;
  readonly entries = new Set<Entry>();
  /** The network that takes something now. */
  #asker = { network: '', amount: 0 };

  constructor(capacity: number) {
    this.capacity = capacity;
    this.shares = new FairShares({ capacity });
  }

  get held(): number {
    return sum(this.entries);
  }

  heldBy(network: string): number {
    return sum([...this.entries].filter((entry) => entry.network === network));
  }

  /** What each network would hold if all that want some got the same. */
  fairShareWith(network: string): number {
    const networks = new Set([...this.entries].map((entry) => entry.network));
    return this.capacity / networks.add(network).size;
  }

  run(step: Step): void {
    if ('take' in step) {
      this.take(step.take);
      return;
    }
    const [[action, index] = ['', 0]] = Object.entries(step);
    const entry = [...this.entries].at(index % (this.entries.size || 1));
    if (!entry) {
      return;
    }
    switch (action) {
      case 'grow':
        this.#asks(entry.network, 1);
        entry.amount += entry.share.grow(1) ? 1 : 0;
        break;
      case 'keep':
        entry.share.keep();
        entry.isKept = true;
        break;
      default:
        entry.share.release();
        this.entries.delete(entry);
    }
  }

  /** @returns whether it was given */
  take([network, client, amount]: Action): boolean {
    this.#asks(network, amount);
    const share = this.shares.take([network, client], amount, () => this.#giveWay(entry));
    const entry = { network, client, amount, isKept: false, share: share as Share };
    if (share) {
      this.entries.add(entry);
    }
    return share !== null;
  }

  #asks(network: string, amount: number): void {
    this.#asker = { network, amount };
  }

  #giveWay(entry: Entry): void {
    assert.ok(!entry.isKept, 'one gave way that was kept');
    const { network, amount } = this.#asker;
    if (entry.network !== network) {
      const wouldHold = this.heldBy(network) + amount;
      assert.ok(this.heldBy(entry.network) > wouldHold, 'one gave way to a larger holder');
    }
    this.entries.delete(entry);
  }
}

function sum(entries: Iterable<Entry>): number {
  return [...entries].reduce((total, { amount }) => total + amount, 0);
}

describe('FairShares, whatever is taken, grown and released', () => {
  it('never gives more than there is, and counts what is held', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 20 }),
        fc.array(STEP, { maxLength: 80 }),
        (capacity, steps) => {
          const ledger = new Ledger(capacity);
          for (const step of steps) {
            ledger.run(step);
            assert.ok(ledger.shares.held <= capacity);
            assert.equal(ledger.shares.held, ledger.held);
          }
          for (const { share } of ledger.entries) {
            share.release();
          }
          assert.equal(ledger.shares.held, 0);
        },
      ),
    );
  });

  it('refuses nobody who is under an equal share while another is over it', () => {
    fc.assert(
      fc.property(
        fc.array(ACTION, { maxLength: 60 }),
        ACTION,
        (before, [network, client, amount]) => {
          const ledger = new Ledger(12);
          for (const take of before) {
            ledger.take(take);
          }
          const wouldHold = ledger.heldBy(network) + amount;
          const isUnder = wouldHold <= ledger.fairShareWith(network);
          assert.ok(ledger.take([network, client, amount]) || !isUnder);
        },
      ),
    );
  });
});
