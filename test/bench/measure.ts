import { setTimeout as pause } from 'node:timers/promises';
import { ProcessorMeter } from './machine/processor-meter.ts';
import type { Row, Turn } from './rows/row.ts';

/** One way of doing some work, and what to do it on. */
export interface Candidate<Input = unknown> {
  readonly inputs: readonly Input[];
  readonly work: (input: Input) => unknown;
  /** Pieces of work in an input, which costs are given for. */
  readonly pieces: number;
  /** Called, and awaited, before each pass over the inputs, outside what is measured. */
  readonly prepare: () => unknown;
}

export function candidate<Input>(
  inputs: readonly Input[],
  work: (input: Input) => unknown,
  { pieces = 1, prepare = () => {} }: Partial<Pick<Candidate, 'pieces' | 'prepare'>> = {},
): Candidate {
  return { inputs, work: (input) => work(input as Input), pieces, prepare };
}

/** CPU time of a piece of work by each candidate, all threads of the process, in milliseconds. */
export interface Round<Name extends string> {
  readonly cpuMs: Readonly<Record<Name, number>>;
  /** How many processors others used meanwhile. */
  readonly others: number | null;
}

/** Where they leave a verdict open, the case is run again, and all rounds count. */
const ROUNDS = 3;
/** Garbage is swept in the background after a collection: nobody shall pay for another's. */
const SWEEPING_MS = 100;
/**
 * CPU time that a candidate takes before it is measured in each round: a forced
 * collection drops compiled code whose hidden classes have no instance left,
 * and what a service does all day is not compiling that again.
 */
const WARM_UP_MS = 500;
/** What it takes at least while it is measured, which ends with a pass over the inputs. */
const MEASURED_MS = 250;

/** Runs the candidates by turns, in several rounds, so that what disturbs the machine disturbs all of them. */
export async function sideBySide<const Name extends string>(
  candidates: Readonly<Record<Name, Candidate>>,
): Promise<readonly Round<Name>[]> {
  const meter = new ProcessorMeter();
  const measured: Round<Name>[] = [];
  while (measured.length < ROUNDS) {
    const costs: [string, number][] = [];
    for (const [name, each] of Object.entries<Candidate>(candidates)) {
      globalThis.gc?.();
      await pause(SWEEPING_MS);
      await warmUp(each);
      costs.push([name, await costOfPiece(each)]);
    }
    // Of the names of the candidates, which the type says and `fromEntries` cannot.
    const cpuMs = Object.fromEntries(costs) as Record<Name, number>;
    measured.push({ cpuMs, others: meter.others() });
  }
  return measured;
}

async function warmUp({ inputs, work, prepare }: Candidate): Promise<void> {
  const enoughMs = cpuMs() + WARM_UP_MS;
  while (cpuMs() < enoughMs) {
    await prepare();
    for (const input of inputs) {
      await work(input);
      if (cpuMs() > enoughMs) {
        return;
      }
    }
  }
}

async function costOfPiece({ inputs, work, pieces, prepare }: Candidate): Promise<number> {
  let passes = 0;
  let takenMs = 0;
  while (takenMs < MEASURED_MS) {
    await prepare();
    takenMs += await cpuMsOf(async () => {
      for (const input of inputs) {
        await work(input);
      }
    });
    passes++;
  }
  return takenMs / (passes * inputs.length * pieces);
}

/** CPU time of this process for some work, all threads, in milliseconds. */
export async function cpuMsOf(work: () => unknown): Promise<number> {
  const beforeMs = cpuMs();
  await work();
  return cpuMs() - beforeMs;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

const YARDSTICKS = { peer: 'the peer library', floor: 'the floor' } as const;
type Yardstick = keyof typeof YARDSTICKS;

/** What our own way may take at most, times each of the others; null to tell it only. */
export type Marks<Name extends Yardstick = Yardstick> = Readonly<Record<Name, number | null>>;

/** Rows of the CPU time of our own way, against the peer library, the floor, or both. */
export function cpuRows<Name extends Yardstick>(
  name: string,
  rounds: readonly Round<'ours' | Name>[],
  marks: Marks<Name>,
): readonly Row[] {
  return Object.entries<number | null>(marks).map(([key, mark]) => {
    const yardstick = key as Name;
    const turns = rounds.map(
      ({ cpuMs, others }): Turn => ({ value: cpuMs.ours, against: cpuMs[yardstick], others }),
    );
    return { name, unit: 'ms of CPU', against: YARDSTICKS[yardstick], mark, turns };
  });
}

/**
 * The row of the CPU time of one candidate alone.
 *
 * @param mark - in milliseconds; null to tell it only
 * @param paceOf - of the machine in a round, as in a {@link Turn}
 */
export function cpuRow<Name extends string>(
  name: string,
  rounds: readonly Round<Name>[],
  candidate: Name,
  mark: number | null,
  paceOf: (round: Round<Name>) => number = () => 1,
): Row {
  const turns = rounds.map(
    (round): Turn => ({
      value: round.cpuMs[candidate],
      against: null,
      others: round.others,
      pace: paceOf(round),
    }),
  );
  return { name, unit: 'ms of CPU', against: null, mark, turns };
}
