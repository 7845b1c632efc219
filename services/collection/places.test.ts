import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Who } from '#bounds/fair-shares.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { type Claimant, Places } from './places.ts';

const MAX_COLLECTORS = 12_000;
const PHONES = 5_000;
const KEYS = 10_000;
const ADDRESSES = 100;

/** One that has proven who it is, and does as it is told. */
class Phone implements Claimant {
  readonly network: Who;
  readonly isBrief = false;
  readonly #node: string;
  #collects = false;

  /** @param isEstablished - so that it counts as a network of its own */
  constructor(address: string, node: string, isEstablished = false) {
    this.network = [isEstablished ? node : address];
    this.#node = node;
  }

  get collects(): boolean {
    return this.#collects;
  }

  comesTo(places: Places): void {
    assert.ok(places.makeRoom(this.network));
    places.admit(places.enter(this), [this.#node]);
  }

  collect(): void {
    this.#collects = true;
  }

  goAway(): void {
    this.#collects = false;
  }

  drop(): void {
    this.#collects = false;
  }

  cut(): void {}
}

function opened(): Places {
  const limits = { maxCollectors: MAX_COLLECTORS, maxWaiting: 1_000, waitingTimeoutMs: 60_000 };
  return new Places(limits, new ManualClock(), () => {});
}

function crowd(isEstablished: boolean): readonly Phone[] {
  return Array.from({ length: PHONES }, (_, index) => {
    return new Phone('192.0.2.1', `0phone${index}`, isEstablished);
  });
}

/** Somebody with so many fresh keys comes from these addresses, a key after the other. */
function flood(places: Places, addresses: number): readonly Phone[] {
  const keys = Array.from({ length: KEYS }, (_, index) => {
    return new Phone(`198.51.100.${index % addresses}`, `0key${index}`);
  });
  for (const key of keys) {
    if (places.makeRoom(key.network)) {
      key.comesTo(places);
    }
  }
  return keys;
}

function collecting(phones: readonly Phone[]): number {
  return phones.filter(({ collects }) => collects).length;
}

describe('Places for collections, when somebody comes with ten thousand fresh keys', () => {
  it('from one address, are left to all phones behind another', () => {
    const places = opened();
    const phones = crowd(false);
    for (const phone of phones) {
      phone.comesTo(places);
    }
    const keys = flood(places, 1);
    assert.equal(collecting(phones), PHONES);
    assert.equal(collecting(keys), MAX_COLLECTORS - PHONES);
  });

  it('are given to all phones that come after them', () => {
    const places = opened();
    flood(places, 1);
    const phones = crowd(false);
    for (const phone of phones) {
      phone.comesTo(places);
    }
    assert.equal(collecting(phones), PHONES);
  });

  it('from a hundred addresses, are left to all established phones behind one', () => {
    const places = opened();
    const phones = crowd(true);
    for (const phone of phones) {
      phone.comesTo(places);
    }
    const keys = flood(places, ADDRESSES);
    assert.equal(collecting(phones), PHONES);
    assert.equal(collecting(keys), MAX_COLLECTORS - PHONES);
  });

  it('from a hundred addresses, are left to new phones behind one as to one of these', () => {
    const places = opened();
    const phones = crowd(false);
    for (const phone of phones) {
      phone.comesTo(places);
    }
    const keys = flood(places, ADDRESSES);
    assert.equal(collecting(keys), KEYS);
    assert.equal(collecting(phones), MAX_COLLECTORS - KEYS);
  });
});
