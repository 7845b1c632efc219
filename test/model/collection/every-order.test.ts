import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Choices, EveryChoice } from './interleaver.ts';
import { BrokenPromiseError } from './ledger.ts';
import { LateSubscriber, type Mutant, NO_MUTANT } from './mutants.ts';
import type { Action, PeerPlan } from './scenario.ts';
import { World } from './world.ts';

/** Past this, a story is too long to be told in every order. */
const MAX_ORDERS = 60_000;

const KEEPS_COLLECTING: PeerPlan = { privateGateways: ['A'], keepAlive: true, window: 1 };
const CONNECT: Action = { type: 'connect', peer: 0 };
const INTERRUPT: Action = { type: 'interrupt signals' };
const STORE: Action = { type: 'store', to: 'A', parcel: 0, octets: 20, lifeMs: 3_600_000 };

interface Story {
  /** Happens first, in one order. */
  readonly before?: readonly Action[];
  readonly actions: readonly Action[];
  readonly mutant?: Mutant;
}

/**
 * Tells a story in every order in which its calls can follow one another; each
 * call is answered as soon as it has taken effect.
 *
 * @returns the number of orders
 */
async function tellInEveryOrder(story: Story): Promise<number> {
  const every = new EveryChoice();
  const { before = [], actions, mutant = NO_MUTANT } = story;
  for (let orders = 1; orders <= MAX_ORDERS; orders++) {
    let isTelling = false;
    const choices: Choices = {
      choose: (...possible) => (isTelling ? every.choose(...possible) : 0),
    };
    const peers = [KEEPS_COLLECTING];
    const world = new World({ choices, peers, relists: false, mutant, isBrief: true });
    await world.run(before);
    isTelling = true;
    await world.run(actions);
    world.checkAllCollected();
    isTelling = false;
    await world.end();
    if (!every.next()) {
      return orders;
    }
  }
  assert.fail(`more than ${MAX_ORDERS} orders`);
}

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
      assert.ok((await tellInEveryOrder(story)) > 100);
    });
  }

  it('would find the parcel that is lost by subscribing after listing', async () => {
    const mutant: Mutant = { mailbox: (parts) => new LateSubscriber(parts) };
    await assert.rejects(
      tellInEveryOrder({ actions: [CONNECT, STORE], mutant }),
      (error) => error instanceof BrokenPromiseError && error.promised === 'nothing is lost',
    );
  });
});
