import { randomInt } from 'node:crypto';
import { after, before, it } from 'node:test';
import { SeededRandom } from '#test/differential/random.ts';
import { type FaultCase, undergo } from './fault-case.ts';
import type { TestedGateway } from './gateway/tested-gateway.ts';
import { openWorld, type World } from './world.ts';

/** Set `FAULTS_SEED` to repeat a run. */
export function seededRandom(): { readonly random: SeededRandom; readonly seed: number } {
  const seed = Number(process.env.FAULTS_SEED ?? randomInt(2 ** 32));
  return { random: new SeededRandom(seed), seed };
}

/**
 * Runs one case after the other against one gateway; call it in a suite.
 *
 * @param start - starts the gateway, with these variables
 */
export function runCases<Gateway extends TestedGateway>(
  start: (environment: Readonly<Record<string, string>>) => Promise<Gateway>,
  cases: Readonly<Record<string, FaultCase<Gateway>>>,
): void {
  let world: World<Gateway>;

  before(async () => {
    world = await openWorld(start);
  });
  after(() => world?.[Symbol.asyncDispose]());

  for (const [name, fault] of Object.entries(cases)) {
    it(name, (t) => undergo(t, world, fault));
  }
}
