import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '#clock/clock.ts';
import { BrokenPromiseError, type Promised } from './ledger.ts';
import {
  AnyGenerationRemover,
  DeafSubscriber,
  Duplicator,
  EagerRemover,
  FirstPageLister,
  GenerationConfuser,
  HastyLister,
  LateSubscriber,
  type Mutant,
  NosyLister,
} from './mutants.ts';
import { runCalmScenario, runStormyScenario } from './run-scenario.ts';
import { calmScenario, stormyScenario } from './scenario.ts';

const RUNS = { seed: 20_260_802, numRuns: 2_000, endOnFailure: true };

const CALM = { scenario: calmScenario, run: runCalmScenario };
const STORMY = { scenario: stormyScenario, run: runStormyScenario };

function itIsCaught(
  fault: string,
  mutant: Mutant,
  expected: { breaking: Promised[]; weather?: typeof CALM },
): void {
  it(`catches a collection that ${fault}`, async () => {
    const { scenario, run } = expected.weather ?? CALM;
    const property = fc.asyncProperty(scenario, (given) => run(given, mutant));
    const { errorInstance } = await fc.check(property, RUNS);
    assert.ok(errorInstance instanceof BrokenPromiseError, `no counterexample: ${errorInstance}`);
    assert.ok(expected.breaking.includes(errorInstance.promised), errorInstance.message);
  });
}

describe('the model of the collection', () => {
  itIsCaught(
    'subscribes after listing',
    { mailbox: (parts) => new LateSubscriber(parts) },
    { breaking: ['nothing is lost'] },
  );
  itIsCaught(
    'lists before the subscription stands',
    { mailbox: (parts) => new HastyLister(parts) },
    { breaking: ['nothing is lost'] },
  );
  itIsCaught(
    'does not list again after an interruption',
    { mailbox: (parts) => new DeafSubscriber(parts, 'onInterrupted') },
    { breaking: ['nothing is lost'] },
  );
  itIsCaught(
    'does not hear of arrivals',
    { mailbox: (parts) => new DeafSubscriber(parts, 'onArrival') },
    { breaking: ['nothing is lost'] },
  );
  itIsCaught(
    'does not list again after a while',
    { clock: withoutLongWaits },
    { breaking: ['nothing is lost'], weather: STORMY },
  );
  itIsCaught(
    'lists only the first page',
    { mailbox: (parts) => new FirstPageLister(parts) },
    { breaking: ['nothing is lost', 'it completes only when all is acknowledged'] },
  );
  itIsCaught(
    'deletes whatever generation is stored',
    { mailbox: (parts) => new AnyGenerationRemover(parts) },
    { breaking: ['only what was acknowledged is deleted'] },
  );
  itIsCaught(
    'deletes before the acknowledgement',
    { mailbox: (parts) => new EagerRemover(parts) },
    { breaking: ['only what was acknowledged is deleted'] },
  );
  itIsCaught(
    'deletes the generation it listed, not the one it sent',
    { mailbox: (parts) => new GenerationConfuser(parts) },
    { breaking: ['what was acknowledged is deleted', 'nothing acknowledged is sent again'] },
  );
  itIsCaught(
    'does not know what is in progress',
    { mailbox: (parts) => new Duplicator(parts) },
    {
      breaking: [
        'each generation is sent once per collection',
        'nothing acknowledged is sent again',
      ],
    },
  );
  itIsCaught(
    'lists the parcels of other peers',
    { mailbox: (parts) => new NosyLister(parts) },
    { breaking: ['nothing goes to another peer'] },
  );
  itIsCaught(
    'sends what has expired',
    { clock: withoutPassing },
    { breaking: ['nothing expired is sent'] },
  );
  itIsCaught('ignores the window', { limits: { window: 9 } }, { breaking: ['the window holds'] });
  itIsCaught(
    'fetches too much ahead',
    { limits: { aheadParcels: 99, aheadOctets: 99_999 } },
    { breaking: ['what is fetched ahead is bounded'] },
  );
});

function withoutLongWaits(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    elapsedMs: () => clock.elapsedMs(),
    schedule: (delayMs, action) =>
      delayMs < 15 * 60_000 ? clock.schedule(delayMs, action) : () => {},
  };
}

function withoutPassing(clock: Clock): Clock {
  const [began, beganMs] = [clock.now(), clock.elapsedMs()];
  return {
    now: () => began,
    elapsedMs: () => beganMs,
    schedule: (delayMs, action) => clock.schedule(delayMs, action),
  };
}
