/** Where the operator reads and types. */
export interface Terminal {
  /** Whether somebody is there to answer. */
  readonly canAsk: boolean;
  /** Writes a line. */
  print(line: string): void;
  /** Writes a line that replaces the one before, where the screen can; elsewhere only what is new. */
  progress(line: string): void;
  /**
   * Asks, and waits for a line as long as it takes.
   *
   * @param remedy - what to do if no answer can come any more; by default, to answer by options
   * @throws the reason of `signal`, once that is aborted
   * @throws {SetupError} if no answer can come any more
   */
  ask(question: string, signal: AbortSignal, remedy?: string): Promise<string>;
}
