/**
 * Puts small faults into the protocol and the gateway, one at a time, and prints how many the tests notice.
 *
 *   npm run mutants [seed] [sample size]
 *
 * Each is tried in a copy of the tree, against the unit tests that import its file, then {@link DOOR_TESTS}. The seed
 * decides for each mutant on its own, so the same ones are drawn after other code was added, removed or moved.
 */
import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { API } from 'typescript/unstable/sync';
import { type Mutant, mutantsOf } from './mutants/mutations.ts';
import { type Death, Trial } from './mutants/trial.ts';

const MUTATED = 'libs/{awala,gateway}/**/*.ts';
/** Fast tests that go through the public doors. */
const DOOR_TESTS = [
  'test/end-to-end/poweb-answers.test.ts',
  'test/end-to-end/cargo/unpacking.test.ts',
  'test/end-to-end/collection-protocol.test.ts',
  'services/cogrpc/cca-refusals.test.ts',
  'services/cogrpc/collect-cargo.test.ts',
  'test/end-to-end/pohttp-parcels.test.ts',
  'test/end-to-end/internet-delivery.test.ts',
  'test/end-to-end/poweb-registration.test.ts',
  'test/interop/cargo-messages.test.ts',
];
const TIMEOUT_MS = 300_000;
const WORKERS = 2;

async function main(root: string, seed = 'one house', size = '200'): Promise<void> {
  const all = listMutants(root);
  const chosen = sample(all, seed, Number(size));
  print(`${chosen.length} of ${all.length} mutants, seed '${seed}'`);
  const deaths: Death[] = [];
  const queue = chosen.values();
  const work = async (): Promise<void> => {
    using trial = new Trial(root, TIMEOUT_MS);
    const failed = await trial.run(DOOR_TESTS);
    if (failed !== null) {
      throw new Error(`without any fault, ${failed} failed`);
    }
    for (const mutant of queue) {
      const death = await trial.try(mutant, DOOR_TESTS);
      deaths.push(death);
      print(`${death === null ? 'SURVIVED' : 'killed'} ${describe(mutant)} [${death ?? ''}]`);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  const survived = deaths.filter((death) => death === null).length;
  const timedOut = deaths.filter((death) => death === 'timeout').length;
  const killed = deaths.length - survived - timedOut;
  const score = (100 * (killed + timedOut)) / deaths.length;
  print(`${killed} killed, ${timedOut} timed out, ${survived} survived: ${score.toFixed(1)} %`);
}

function listMutants(root: string): Mutant[] {
  const api = new API({ cwd: root });
  try {
    const snapshot = api.updateSnapshot({ openProjects: [join(root, 'tsconfig.json')] });
    const program = snapshot.getProjects()[0]?.program;
    return globSync(MUTATED, { cwd: root, exclude: ['**/*.test.ts'] }).flatMap((file) => {
      const source = program?.getSourceFile(join(root, file));
      return source ? mutantsOf(source, file) : [];
    });
  } finally {
    api.close();
  }
}

/** Mutants that look the same count as one. */
function sample(mutants: readonly Mutant[], seed: string, size: number): Mutant[] {
  const byLot = new Map<string, Mutant>();
  for (const mutant of mutants) {
    const identity = [seed, basename(mutant.file), mutant.original, mutant.mutated];
    byLot.set(createHash('sha256').update(JSON.stringify(identity)).digest('hex'), mutant);
  }
  const drawn = [...byLot.keys()].sort().slice(0, size);
  return drawn.flatMap((lot) => byLot.get(lot) ?? []);
}

function describe({ file, line, original, mutated }: Mutant): string {
  return `${file}:${line}: ${original}  →  ${mutated}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main(process.cwd(), ...process.argv.slice(2));
