import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { SeededRandom } from '#test/differential/random.ts';
import { SERVICE_NAMES, type ServiceName } from '#test/services/service-process.ts';
import { type FaultCase, until } from '../fault-case.ts';
import { FORM } from '../form.ts';
import type { World } from '../world.ts';

const TWO_HOURS_MS = 7_200_000;
const SHIFTED_CLOCK = pathToFileURL(join(import.meta.dirname, '../gateway/shifted-clock.ts')).href;

/** A service dies after at most so many further parcels were accepted, and at most so many milliseconds later. */
const MOST_PARCELS_BEFORE = 20;
const MOST_MS_BEFORE = 30;

/** Each service is killed at moments that `random` chooses. */
export function deathCases(random: SeededRandom): Readonly<Record<string, FaultCase>> {
  return forEachService('is killed', (name) => dying(random, [name], FORM.deaths));
}

/** The same for all of them, one after the other: the short form. */
export function allDie(random: SeededRandom): FaultCase {
  return dying(random, SERVICE_NAMES, 1);
}

/** Each service is told to stop, and started again. */
export const DEPARTURE_CASES: Readonly<Record<string, FaultCase>> = forEachService(
  'is told to stop',
  (name) => departing([name]),
);

/** The same for all of them, one after the other: the short form. */
export const ALL_DEPART: FaultCase = departing(SERVICE_NAMES);

/** The clock of one service is off by as much as a peer’s may be. */
export const CLOCK_CASES: Readonly<Record<string, FaultCase>> = {
  ...forEachService('is two hours ahead', (name) => wrongClock(name, TWO_HOURS_MS)),
  ...forEachService('is two hours behind', (name) => wrongClock(name, -TWO_HOURS_MS)),
};

function wrongClock(name: ServiceName, shiftMs: number): FaultCase {
  const startAgain = async ({ gateway }: World, environment: Record<string, string>) => {
    assert.equal(await gateway.end(name, 'SIGTERM'), 0);
    await gateway.startAgain(name, environment);
  };
  return {
    begin: (world) =>
      startAgain(world, {
        NODE_OPTIONS: `--import ${SHIFTED_CLOCK}`,
        TEST_CLOCK_SHIFT_MS: `${shiftMs}`,
      }),
    end: (world) => startAgain(world, {}),
    mayCut: true,
  };
}

function dying(random: SeededRandom, names: readonly ServiceName[], deaths: number): FaultCase {
  return {
    begin: async (world) => {
      for (let death = 0; death < deaths * names.length; death++) {
        const name = names[death % names.length] ?? random.pick(names);
        await someParcels(world, random, name);
        await pause(random.below(MOST_MS_BEFORE));
        world.load.ledger.noteDeath();
        assert.equal(await world.gateway.end(name, 'SIGKILL'), 'SIGKILL');
        await world.gateway.startAgain(name);
      }
    },
    end: () => {},
    mayCut: true,
  };
}

function departing(names: readonly ServiceName[]): FaultCase {
  return {
    begin: async ({ gateway }) => {
      for (const name of names) {
        const output = () => gateway.outputOf(name);
        // Past its drain deadline, a service ends with 1.
        assert.equal(await gateway.end(name, 'SIGTERM'), 0, output());
        await gateway.startAgain(name);
      }
    },
    end: ({ load }) => {
      const ends = load.answers.of('later', 'cut').filter(({ service }) => service === 'collect');
      const standing = ends.filter(({ detail }) => /^closed/.test(detail));
      const codes = new Set(standing.map(({ detail }) => detail));
      const isCollection = names.includes('collection');
      assert.equal(codes.delete('closed with 4000'), isCollection);
      // A collector with `close-upon-completion` comes back only after a cut.
      assert.ok(isCollection || !codes.has('closed with 1006'));
      codes.delete('closed with 1006');
      assert.deepEqual([...codes], []);
    },
    mayCut: true,
  };
}

async function someParcels({ load }: World, random: SeededRandom, name: string): Promise<void> {
  const soon = load.ledger.accepted + random.below(MOST_PARCELS_BEFORE);
  await until(`parcels are accepted before ${name} dies`, () => load.ledger.accepted >= soon);
}

function forEachService(
  what: string,
  make: (name: ServiceName) => FaultCase,
): Record<string, FaultCase> {
  return Object.fromEntries(SERVICE_NAMES.map((name) => [`${name} ${what}`, make(name)]));
}
