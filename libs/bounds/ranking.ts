/** Something that {@link Ranking} ranks. */
export interface Ranked {
  /** Call {@link Ranking.moved} after each change. */
  readonly weight: number;
  /** Of those of the same weight, the least goes first. Call {@link Ranking.moved} as well. */
  readonly order: number;
  /** Its place, kept by the ranking it is in. */
  rank: number;
}

/**
 * A binary heap with the heaviest first. Adding, removing and moving take O(log n).
 *
 * An item may be in one ranking only.
 */
export class Ranking<Item extends Ranked> {
  readonly #items: Item[] = [];

  /** Undefined if there are none. */
  get heaviest(): Item | undefined {
    return this.#items[0];
  }

  get size(): number {
    return this.#items.length;
  }

  add(item: Item): void {
    this.#put(item, this.#items.length);
    this.#rise(item);
  }

  /** Call it after the weight of an item has changed. */
  moved(item: Item): void {
    this.#rise(item);
    this.#sink(item);
  }

  remove(item: Item): void {
    const last = this.#items.pop();
    if (last && last !== item) {
      this.#put(last, item.rank);
      this.moved(last);
    }
  }

  #put(item: Item, rank: number): void {
    this.#items[rank] = item;
    item.rank = rank;
  }

  #rise(item: Item): void {
    while (item.rank > 0) {
      const { rank } = item;
      const parent = this.#items[(rank - 1) >> 1] as Item;
      if (!isBefore(item, parent)) {
        return;
      }
      this.#put(item, parent.rank);
      this.#put(parent, rank);
    }
  }

  #sink(item: Item): void {
    for (;;) {
      const { rank } = item;
      const child = this.#heavierChildOf(rank);
      if (!child || !isBefore(child, item)) {
        return;
      }
      this.#put(item, child.rank);
      this.#put(child, rank);
    }
  }

  #heavierChildOf(rank: number): Item | undefined {
    const left = this.#items[2 * rank + 1];
    const right = this.#items[2 * rank + 2];
    return left && right && isBefore(right, left) ? right : left;
  }
}

function isBefore(one: Ranked, other: Ranked): boolean {
  return one.weight === other.weight ? one.order < other.order : one.weight > other.weight;
}
