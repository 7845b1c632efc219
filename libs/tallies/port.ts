/**
 * Parts of a window. What was added counts until the part that it was added in has left the window:
 * up to a part longer than the window, never shorter.
 */
export const PARTS_OF_WINDOW = 24;

/** The longest window; keys in Redis last as long. */
export const LONGEST_WINDOW_MS = 30 * 86_400_000;

/** How much may be added in any time of some length. */
export interface TallyLimit {
  /** From 1 s to {@link LONGEST_WINDOW_MS}. */
  readonly windowMs: number;
  /** The most of each amount; {@link Number.MAX_SAFE_INTEGER} for as much as comes. */
  readonly most: readonly number[];
}

/** What became of an addition. */
export type Tallied =
  | {
      readonly isWithin: true;
      /** Takes the addition back, as what it counted came to nothing. Call it once at most. */
      readonly takeBack: () => void;
    }
  | {
      /** The addition does not count. */
      readonly isWithin: false;
      /** After how long the same would be within its limits if nothing is added meanwhile. */
      readonly againInMs: number;
    };

/**
 * Counts amounts by name in sliding windows, over all processes that share the tallies.
 *
 * In no window more is admitted than its limit and, where processes share the tallies, a 500th of it for
 * each process. A name that was not used for long, or that many others were used after, may be
 * forgotten; so are all, if what holds them is lost.
 */
export interface Tallies extends AsyncDisposable {
  /**
   * Adds amounts to what is counted under a name, unless one would pass a limit. Never throws: while
   * what the processes share is away, each counts for itself.
   *
   * @param name - at most 64 characters; goes with the same number of amounts each time
   * @param limits - of windows of different lengths
   */
  add(name: string, amounts: readonly number[], limits: readonly TallyLimit[]): Promise<Tallied>;
}
