import { describe, it } from 'node:test';
import fc from 'fast-check';
import { runCalmScenario, runStormyScenario } from './run-scenario.ts';
import { calmScenario, stormyScenario } from './scenario.ts';

/** A failure prints the seed and the path to its shortest form; give both here to run only that. */
const RUNS = { seed: 20_260_801, numRuns: 1_000 };

describe('the collection of parcels, whatever the order in which things happen', () => {
  it('keeps its promises without listing again, while no signal is lost unnoticed', async () => {
    await fc.assert(
      fc.asyncProperty(calmScenario, (scenario) => runCalmScenario(scenario)),
      RUNS,
    );
  });

  it('keeps them by its next listing when the backing fails and signals are lost', async () => {
    await fc.assert(
      fc.asyncProperty(stormyScenario, (scenario) => runStormyScenario(scenario)),
      RUNS,
    );
  });
});
