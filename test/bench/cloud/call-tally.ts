/** How often a backing service was asked, by what was asked of it. */
export class CallTally {
  /** For the operations that clients ask for. */
  readonly asked = new Map<string, number>();
  /** By the clock, whatever clients ask for: checks of a connection, and records that are read again. */
  readonly byClock = new Map<string, number>();

  count(call: string, { times = 1, isByClock = false } = {}): void {
    const calls = isByClock ? this.byClock : this.asked;
    if (times > 0) {
      calls.set(call, (calls.get(call) ?? 0) + times);
    }
  }

  clear(): void {
    this.asked.clear();
    this.byClock.clear();
  }
}
