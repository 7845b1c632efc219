import { GivenChoices } from './interleaver.ts';
import { type Mutant, NO_MUTANT } from './mutants.ts';
import type { PrivateGateway, Scenario } from './scenario.ts';
import { World } from './world.ts';

/**
 * Nothing is lost, without listing again, without a reconnection.
 *
 * @throws {BrokenPromiseError}
 */
export async function runCalmScenario(scenario: Scenario, mutant = NO_MUTANT): Promise<void> {
  const world = worldFor(scenario, { relists: false, mutant });
  await world.run(scenario.actions);
  await world.calmDown();
  world.checkAllCollected();
  await world.end();
}

/**
 * What signals lost unnoticed do not tell, the next listing does.
 *
 * @throws {BrokenPromiseError}
 */
export async function runStormyScenario(scenario: Scenario, mutant = NO_MUTANT): Promise<void> {
  const world = worldFor(scenario, { relists: true, mutant });
  await world.run(scenario.actions);
  await world.calmDown();
  await world.passTime(world.limits.relistMs);
  world.checkAllCollected();
  await world.end();
}

/**
 * What the index did not tell, the next census and the reading after it do; and what it told
 * falsely, it does not tell any more.
 *
 * @throws {BrokenPromiseError}
 */
export async function runIndexedScenario(scenario: Scenario, mutant = NO_MUTANT): Promise<void> {
  const world = worldFor(scenario, { relists: true, indexed: ['A', 'B'], mutant });
  await world.run(scenario.actions);
  await world.calmDown();
  await world.settle();
  world.checkAllCollected();
  await world.index?.checkMended();
  await world.end();
}

function worldFor(
  scenario: Scenario,
  options: { relists: boolean; indexed?: PrivateGateway[]; mutant: Mutant },
): World {
  const { peers, choices, maxSignalledOctets } = scenario;
  const given = new GivenChoices(choices);
  return new World({ ...options, peers, maxSignalledOctets, choices: given });
}
