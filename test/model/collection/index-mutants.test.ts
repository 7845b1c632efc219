import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  AnyTokenRemover,
  addsNothing,
  FaultyClaimer,
  removesNothing,
  settlesAll,
} from './index-mutants.ts';
import { BrokenPromiseError, type Promised } from './ledger.ts';
import type { Mutant } from './mutants.ts';
import { runIndexedScenario } from './run-scenario.ts';
import { indexedScenario, rivalScenario, type Scenario } from './scenario.ts';

const RUNS = { seed: 20_261_130, numRuns: 2_000, endOnFailure: true };

interface Expected {
  readonly breaking?: Promised;
  readonly scenario?: fc.Arbitrary<Scenario>;
}

function itIsCaught(
  fault: string,
  mutant: Mutant,
  {
    breaking = 'a complete index lacks nothing that is stored',
    scenario = indexedScenario,
  }: Expected = {},
): void {
  it(`catches ${fault}`, async () => {
    const property = fc.asyncProperty(scenario, (given) => runIndexedScenario(given, mutant));
    const { errorInstance } = await fc.check(property, RUNS);
    assert.ok(errorInstance instanceof BrokenPromiseError, `no counterexample: ${errorInstance}`);
    assert.equal(errorInstance.promised, breaking, errorInstance.message);
  });
}

/** The others are caught by stories, which {@link import('./index-every-order.test.ts')} tells. */
describe('the model of the index, whatever the order in which things happen', () => {
  itIsCaught(
    'a removal while another put of the name is under way',
    { server: { mindsRivals: false } },
    { scenario: rivalScenario },
  );
  itIsCaught(
    'a removal whatever the token',
    { index: (index) => new AnyTokenRemover(index) },
    { scenario: rivalScenario },
  );
  itIsCaught('a mark that is not tied to the memory of its server', {
    server: { marksNameMemory: false },
  });
  itIsCaught('a census that removes entries that are not settled', {
    index: (index) => new FaultyClaimer(index, settlesAll),
  });
  itIsCaught('a publisher that does not tell what may be missing', { withdraws: false });
  itIsCaught('a census that adds nothing', {
    index: (index) => new FaultyClaimer(index, addsNothing),
  });
  itIsCaught(
    'a census that removes nothing',
    { index: (index) => new FaultyClaimer(index, removesNothing) },
    { breaking: 'a census removes false entries' },
  );
});
