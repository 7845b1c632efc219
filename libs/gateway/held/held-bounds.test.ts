import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import { type HeldSettings, isShort, mostHeldOctets, roomWithin } from './held-bounds.ts';

const MIB = 1_024 * 1_024;
const GIB = 1_024 * MIB;
const DEFAULTS: HeldSettings = {
  parcels: 50_000,
  octets: 8 * GIB,
  percentOfRoom: 25,
  storeOctets: 0,
};
const NEWCOMER = { isEstablished: false, isMove: false };
const ESTABLISHED = { isEstablished: true, isMove: false };

/** A store of so many octets, of which some are taken. */
const stores = fc
  .tuple(
    fc.integer({ min: 64 * MIB, max: 1_024 * GIB }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
  .map(([octets, part]) => {
    const storedOctets = Math.floor(octets * part);
    return { storedOctets, leftOctets: octets - storedOctets };
  });

/** Puts messages of one size for each of so many holders by turns, until all are refused. */
function filled(count: number, holder: typeof NEWCOMER, room = storeOf(10 * GIB)) {
  const held = Array.from({ length: count }, () => 0);
  const octets = MIB;
  for (let isFilling = true; isFilling; ) {
    isFilling = false;
    for (const [index, own] of held.entries()) {
      if (own + octets <= mostHeldOctets(room, DEFAULTS, holder)) {
        held[index] = own + octets;
        room.leftOctets -= octets;
        room.storedOctets += octets;
        isFilling = true;
      }
    }
  }
  return { held, room };
}

function storeOf(octets: number) {
  return { storedOctets: 0, leftOctets: octets };
}

describe('What may be held for one private gateway', () => {
  it('is a part of the room that is left, and never more than its quota', () => {
    fc.assert(
      fc.property(stores, fc.boolean(), (room, isEstablished) => {
        const most = mostHeldOctets(room, DEFAULTS, { isEstablished, isMove: false });
        assert.ok(most >= 0 && most <= room.leftOctets / 4 && most <= 8 * GIB);
      }),
    );
  });

  it('is less the fuller the store is', () => {
    fc.assert(
      fc.property(stores, fc.integer({ min: 0, max: 1_024 * GIB }), (room, more) => {
        const octets = Math.min(more, room.leftOctets);
        const fuller = {
          ...room,
          storedOctets: room.storedOctets + octets,
          leftOctets: room.leftOctets - octets,
        };
        for (const holder of [NEWCOMER, ESTABLISHED]) {
          assert.ok(
            mostHeldOctets(fuller, DEFAULTS, holder) <= mostHeldOctets(room, DEFAULTS, holder),
          );
        }
      }),
    );
  });

  it('leaves four fifths of an empty store if one alone fills it', () => {
    const { held, room } = filled(1, ESTABLISHED);
    assert.ok(Math.abs((held[0] ?? 0) / (10 * GIB) - 1 / 5) < 0.01);
    assert.ok(room.leftOctets > 7.9 * GIB);
  });

  it('is the same for all who fill it together', () => {
    const { held } = filled(40, ESTABLISHED);
    assert.ok(Math.max(...held) - Math.min(...held) <= MIB);
  });

  it('keeps a quarter for those established, however many newcomers there are', () => {
    const { room } = filled(3_000, NEWCOMER);
    assert.ok(room.leftOctets >= 2.5 * GIB);
    assert.ok(mostHeldOctets(room, DEFAULTS, NEWCOMER) < 4 * MIB);
    assert.ok(mostHeldOctets(room, DEFAULTS, ESTABLISHED) >= 600 * MIB);
  });

  it('bounds a move by the quota alone, as it makes room', () => {
    const full = { storedOctets: GIB, leftOctets: 0 };
    assert.equal(mostHeldOctets(full, DEFAULTS, NEWCOMER), 0);
    for (const isEstablished of [false, true]) {
      assert.equal(
        mostHeldOctets(full, DEFAULTS, { isEstablished, isMove: true }),
        DEFAULTS.octets,
      );
    }
  });

  it('is the quota alone where the room is not known, or plenty', () => {
    const plenty = storeOf(1_024 * GIB);
    for (const room of [null, plenty]) {
      assert.equal(mostHeldOctets(room, DEFAULTS, NEWCOMER), 8 * GIB);
      assert.equal(isShort(room, DEFAULTS), false);
    }
    assert.equal(isShort(storeOf(GIB), DEFAULTS), true);
    const unbounded = { ...DEFAULTS, octets: 0, percentOfRoom: 0 };
    assert.equal(mostHeldOctets(plenty, unbounded, NEWCOMER), Number.POSITIVE_INFINITY);
  });

  it('takes a single message, however small the quota', () => {
    const small = { ...DEFAULTS, octets: 1 };
    assert.equal(mostHeldOctets(null, small, NEWCOMER), MAX_MESSAGE_OCTETS);
  });
});

describe('The room of a bucket with a quota', () => {
  it('ends at its reserve of a sixteenth', () => {
    assert.deepEqual(roomWithin(16 * GIB, 5 * GIB), {
      storedOctets: 5 * GIB,
      leftOctets: 10 * GIB,
    });
    assert.equal(roomWithin(16 * GIB, 15.5 * GIB).leftOctets, 0);
  });
});
