import { setTimeout } from 'node:timers/promises';

/** What a piece of work cost per unit of it, in milliseconds. */
export interface Cost {
  /** CPU time of the whole process, all threads. */
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** Collects garbage, where `--expose-gc` allows it, so that nobody pays for what was before. */
function collectGarbage(): void {
  globalThis.gc?.();
}

/** One way of doing some work, and what to do it on. */
export interface Candidate<Input = unknown> {
  readonly inputs: readonly Input[];
  readonly work: (input: Input) => unknown;
  /** Called before each pass over the inputs, outside what is measured. */
  readonly prepare?: () => void;
}

export function candidate<Input>(
  inputs: readonly Input[],
  work: (input: Input) => unknown,
  prepare: () => void = () => {},
): Candidate {
  return { inputs, work: (input) => work(input as Input), prepare };
}

const ROUNDS = 7;
/** Garbage is swept in the background after a collection: nobody shall pay for another's. */
const SWEEPING_MS = 100;
/**
 * How long a candidate works before it is measured in each round: a forced
 * collection drops compiled code whose hidden classes have no instance left,
 * and what a service does all day is not compiling that again.
 */
const WARM_UP_MS = 500;
/** How long it works at least while it is measured, which ends with a pass over the inputs. */
const MEASURED_MS = 250;

/**
 * Runs the candidates by turns, several rounds each, so that what disturbs the
 * machine disturbs all of them, and takes the median of each one's rounds.
 *
 * @returns for each candidate, the cost of one input
 */
export async function costsSideBySide<const Candidates extends readonly Candidate[]>(
  candidates: Candidates,
  rounds = ROUNDS,
): Promise<{ [Index in keyof Candidates]: Cost }> {
  const costs = candidates.map((): Cost[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, candidate] of candidates.entries()) {
      collectGarbage();
      await setTimeout(SWEEPING_MS);
      await warmUp(candidate);
      costs[index]?.push(await costOfRound(candidate));
    }
  }
  // One median per candidate, which the mapped type says and `map` cannot.
  return costs.map(medianCost) as { [Index in keyof Candidates]: Cost };
}

async function warmUp({ inputs, work, prepare }: Candidate): Promise<void> {
  const startMs = performance.now();
  while (performance.now() - startMs < WARM_UP_MS) {
    prepare?.();
    for (const input of inputs) {
      await work(input);
      if (performance.now() - startMs > WARM_UP_MS) {
        return;
      }
    }
  }
}

/** @returns the cost of one input */
async function costOfRound({ inputs, work, prepare }: Candidate): Promise<Cost> {
  let passes = 0;
  let cpuMs = 0;
  let wallMs = 0;
  while (wallMs < MEASURED_MS) {
    prepare?.();
    const cost = await costOf(async () => {
      for (const input of inputs) {
        await work(input);
      }
    });
    passes++;
    cpuMs += cost.cpuMs;
    wallMs += cost.wallMs;
  }
  const worked = passes * inputs.length;
  return { cpuMs: cpuMs / worked, wallMs: wallMs / worked };
}

function medianCost(costs: readonly Cost[]): Cost {
  return {
    cpuMs: median(costs.map(({ cpuMs }) => cpuMs)),
    wallMs: median(costs.map(({ wallMs }) => wallMs)),
  };
}

/** @param values - not empty */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export async function costOf(work: () => unknown): Promise<Cost> {
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  await work();
  const wallMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { cpuMs: (user + system) / 1_000, wallMs };
}
