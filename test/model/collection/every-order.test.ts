import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Story, tellInEveryOrder } from './every-order.ts';
import { BrokenPromiseError } from './ledger.ts';
import { LateSubscriber, type Mutant } from './mutants.ts';
import type { Action } from './scenario.ts';
import type { World } from './world.ts';

const CONNECT: Action = { type: 'connect', peer: 0 };
const INTERRUPT: Action = { type: 'interrupt signals' };
const STORE: Action = { type: 'store', to: 'A', parcel: 0, octets: 20, lifeMs: 3_600_000 };

const ALL_COLLECTED = { check: (world: World) => world.checkAllCollected() };

describe('the collection of parcels, in every possible order', () => {
  const stories: Record<string, Story> = {
    'stored while the collector connects': { actions: [CONNECT, STORE] },
    'stored just before the collector connects': { actions: [STORE, CONNECT] },
    'stored while signals are interrupted': { actions: [CONNECT, INTERRUPT, STORE] },
    'replaced while it waits': { before: [STORE], actions: [CONNECT, STORE] },
    'replaced after the collector connected': { before: [CONNECT], actions: [STORE, STORE] },
  };
  for (const [name, story] of Object.entries(stories)) {
    it(`delivers a parcel that is ${name}`, async () => {
      assert.ok((await tellInEveryOrder(story, ALL_COLLECTED)) > 100);
    });
  }

  it('would find the parcel that is lost by subscribing after listing', async () => {
    const mutant: Mutant = { mailbox: (parts) => new LateSubscriber(parts) };
    await assert.rejects(
      tellInEveryOrder({ actions: [CONNECT, STORE], mutant }, ALL_COLLECTED),
      (error) => error instanceof BrokenPromiseError && error.promised === 'nothing is lost',
    );
  });
});
