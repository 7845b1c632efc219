/** Deviation from the mean that is left as it is, so that collectors are not moved to and fro. */
const LEFT_ALONE = 0.05;
/** Of its collectors, what a process moves in a second at most. */
const MOVED_PER_SECOND = 0.01;
/** Of its collectors, what it moves from one look to the next at most. */
const MOVED_AT_ONCE = 0.5;

interface LoadsNow {
  /** Collectors of this process. */
  readonly own: number;
  /** Those of each other process. */
  readonly others: readonly number[];
  /** Load balancers, each of which spreads its own connections evenly, to within one. */
  readonly balancers: number;
}

/**
 * How many collectors a process is to send away, so that all come to have the same: what it has above the mean, as
 * soon as anybody is further from the mean than a twentieth; and no more than a hundredth of its own a second.
 *
 * @param overMs - until the next look
 */
export function excess({ own, others, balancers }: LoadsNow, overMs: number): number {
  const all = [own, ...others];
  const mean = all.reduce((sum, each) => sum + each, 0) / all.length;
  const furthest = Math.max(...all.map((each) => Math.abs(each - mean)));
  if (furthest <= Math.max(LEFT_ALONE * mean, balancers)) {
    return 0;
  }
  const fraction = Math.min((MOVED_PER_SECOND * overMs) / 1_000, MOVED_AT_ONCE);
  return Math.max(0, Math.min(Math.floor(own - mean), Math.ceil(own * fraction)));
}
