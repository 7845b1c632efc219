/**
 * A call fails before it takes effect, or after, as if the answer was lost. Some take effect later
 * than their caller waits: it gives up (`later`), or goes on and hears of it then (`late`).
 */
export type Fault = 'before' | 'after' | 'later' | 'late';

/** The faults still to come, and how many there were. */
export class Faults {
  readonly #coming: Fault[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(fault: Fault): void {
    this.#coming.push(fault);
  }

  clear(): void {
    this.#coming.length = 0;
  }

  /** Whether the caller shall fail at this moment. */
  take(moment: Fault): boolean {
    if (this.#coming[0] !== moment) {
      return false;
    }
    this.#coming.shift();
    this.#count += 1;
    return true;
  }
}
