import { endOfPrefix } from './object-key.ts';

/**
 * A set of strings read in ascending order. Additions are cheap: the next read sorts them in
 * together.
 */
export class SortedKeys {
  #sorted: string[] = [];
  readonly #present = new Set<string>();
  readonly #added = new Set<string>();
  #deleted = 0;

  add(key: string): void {
    this.#present.add(key);
    this.#added.add(key);
  }

  delete(key: string): void {
    if (this.#present.delete(key)) {
      this.#deleted += 1;
    }
  }

  /** Returns at most `limit` keys that start with `prefix` and are greater than `after`. */
  page(prefix: string, after: string, limit: number): string[] {
    this.#settle();
    const end = endOfPrefix(prefix);
    const page: string[] = [];
    for (let index = this.#firstIndex(prefix, after); page.length < limit; index++) {
      const key = this.#sorted[index];
      if (key === undefined || key >= end) {
        break;
      }
      if (this.#present.has(key)) {
        page.push(key);
      }
    }
    return page;
  }

  #settle(): void {
    if (this.#added.size === 0 && this.#deleted * 2 <= this.#sorted.length) {
      return;
    }
    const kept = this.#sorted.filter((key) => this.#present.has(key) && !this.#added.has(key));
    const added = [...this.#added].filter((key) => this.#present.has(key)).sort();
    // Two sorted runs, which the engine's merge sort joins in linear time.
    this.#sorted = kept.concat(added).sort();
    this.#added.clear();
    this.#deleted = 0;
  }

  #firstIndex(prefix: string, after: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const key = this.#sorted[middle] ?? '';
      if (key < prefix || key <= after) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
