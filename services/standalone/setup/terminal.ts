/** What goes on at the moment. */
export interface Progress {
  /** What of it is news: without what only counts time. */
  readonly news: string;
  /** From the longest to the shortest. */
  readonly lines: readonly [string, ...string[]];
}

/** Where the operator reads and types. */
export interface Terminal {
  /** Whether somebody is there to answer. */
  readonly canAsk: boolean;
  /** Writes a line. */
  print(line: string): void;
  /**
   * Writes the longest of the lines for which the screen has room, in the place of the one before;
   * where no line can be replaced, the news, if it is other than before.
   */
  progress(told: Progress): void;
  /**
   * Asks, and waits for a line as long as it takes.
   *
   * @param remedy - what to do if no answer can come any more; by default, to answer by options
   * @throws the reason of `signal`, once that is aborted
   * @throws {SetupError} if no answer can come any more
   */
  ask(question: string, signal: AbortSignal, remedy?: string): Promise<string>;
}
