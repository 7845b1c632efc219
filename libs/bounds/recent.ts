/** The latest entries, up to a number: one more pushes out the oldest. */
export class Recent {
  readonly #max: number;
  /** In order of arrival. */
  readonly #entries = new Set<{ readonly onPushedOut: () => void }>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** @returns a function that leaves; safe to call twice */
  enter(onPushedOut: () => void): () => void {
    const entry = { onPushedOut };
    this.#entries.add(entry);
    const [first] = this.#entries;
    if (first && this.#entries.size > this.#max) {
      this.#entries.delete(first);
      first.onPushedOut();
    }
    return () => {
      this.#entries.delete(entry);
    };
  }
}
