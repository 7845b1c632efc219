/**
 * The units of figures, each with what other work on the machine explains at most: so many times
 * the figure. It delays what is timed, takes a part of the caches, and changes no count.
 */
export const EXPLAINED_BY_OTHERS = {
  ms: 5,
  s: 5,
  'ms of CPU': 1.5,
  '% of a core': 1.5,
  KiB: 1,
  MiB: 1,
  calls: 1,
  connections: 1,
  US$: 1,
  'parcels/s': 5,
} as const satisfies Record<string, number>;

export type Unit = keyof typeof EXPLAINED_BY_OTHERS;

/** What was measured at one time. */
export interface Turn {
  readonly value: number;
  /** Of the yardstick, in the same unit; null where there is none. */
  readonly against: number | null;
  /** How many processors others used meanwhile; null if it makes no difference, or is unknown. */
  readonly others: number | null;
  /**
   * How many times as long this machine takes, meanwhile, as the one that the marks are for; 1
   * unless told otherwise.
   */
  readonly pace?: number;
}

/** A figure of the bench: what was measured, and what it must not pass. */
export interface Row {
  readonly name: string;
  readonly unit: Unit;
  /**
   * Its yardstick: what is measured in the same turns for a comparison, such as the peer library on the
   * same inputs, or the floor, which no implementation can do without. Null if there is none.
   */
  readonly against: string | null;
  /** The most that the figure may be: times the yardstick or, without one, in the unit. Null if it is only told. */
  readonly mark: number | null;
  /** The evidence: one turn at least. */
  readonly turns: readonly Turn[];
  /** More evidence, in words. */
  readonly note?: string;
}

/** A benchmark: returns the rows it adds to the table. Runs in a process of its own. */
export type BenchCase = () => Promise<readonly Row[]>;

/** Of a figure that was taken once. @param others - as in a {@link Turn} */
export function once(value: number, others: number | null = null): readonly Turn[] {
  return [{ value, against: null, others }];
}

/** The figure of a turn that the mark is for. */
export function figureOf({ value, against, pace = 1 }: Turn): number {
  return against === null ? value / pace : value / against;
}

/** @param values - not empty */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low = Number.NaN, high = low] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return (low + high) / 2;
}

/** The smallest value that 99 % of them do not pass. @param values - not empty */
export function percentile99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1] ?? Number.NaN;
}
