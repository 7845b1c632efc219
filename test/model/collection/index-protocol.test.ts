import { describe, it } from 'node:test';
import fc from 'fast-check';
import { runIndexedScenario } from './run-scenario.ts';
import { indexedScenario, rivalScenario } from './scenario.ts';

/** A failure prints the seed and the path to its shortest form; give both here to run only that. */
const RUNS = { seed: 20_261_129, numRuns: 1_000 };

describe('the collection of parcels by an index of what is held', () => {
  it('keeps its promises while publishers die, and the index fails and forgets', async () => {
    await fc.assert(
      fc.asyncProperty(indexedScenario, (scenario) => runIndexedScenario(scenario)),
      RUNS,
    );
  });

  it('keeps them while two puts of one parcel are under way', async () => {
    await fc.assert(
      fc.asyncProperty(rivalScenario, (scenario) => runIndexedScenario(scenario)),
      { ...RUNS, numRuns: 500 },
    );
  });
});
