import assert from 'node:assert/strict';
import { type Choices, EveryChoice } from './interleaver.ts';
import { type Mutant, NO_MUTANT } from './mutants.ts';
import type { Action, PeerPlan } from './scenario.ts';
import { World } from './world.ts';

/** Past this, a story is too long to be told in every order. */
const MAX_ORDERS = 60_000;

const KEEPS_COLLECTING: PeerPlan = { privateGateways: ['A'], keepAlive: true, window: 1 };

/** Of up to two collectors of A. */
export interface Story {
  /** Happens first, in one order. */
  readonly before?: readonly Action[];
  readonly actions: readonly Action[];
  /** Happens last, in one order. */
  readonly after?: readonly Action[];
  readonly mutant?: Mutant;
}

interface Telling {
  /** Whether there is an index. */
  readonly isIndexed?: boolean;
  readonly relists?: boolean;
  /** Looks at the world at the end of a story. */
  readonly check: (world: World) => Promise<void> | void;
}

/**
 * Tells a story in every order in which its calls can follow one another; each
 * call is answered as soon as it has taken effect.
 *
 * @returns the number of orders
 */
export async function tellInEveryOrder(story: Story, telling: Telling): Promise<number> {
  const every = new EveryChoice();
  const { before = [], actions, after = [], mutant = NO_MUTANT } = story;
  const { isIndexed = false, relists = false, check } = telling;
  const indexed = isIndexed ? (['A'] as const) : [];
  for (let orders = 1; orders <= MAX_ORDERS; orders++) {
    let isTelling = false;
    const choices: Choices = {
      choose: (...possible) => (isTelling ? every.choose(...possible) : 0),
    };
    const peers = [KEEPS_COLLECTING, KEEPS_COLLECTING];
    const world = new World({ choices, peers, relists, indexed, mutant, isBrief: true });
    await world.run(before);
    isTelling = true;
    await world.run(actions);
    isTelling = false;
    await world.run(after);
    await check(world);
    await world.end();
    if (!every.next()) {
      return orders;
    }
  }
  assert.fail(`more than ${MAX_ORDERS} orders`);
}
