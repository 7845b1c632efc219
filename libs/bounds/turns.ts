import type { Who } from './fair-shares.ts';

/** Something that waits in {@link Turns}. */
interface Waiting {
  /** Whose turn it would be. No path may begin another, but for that without names, the first of all. */
  readonly who: Who;
}

/**
 * Those that wait: each of the widest names in its turn, within it each of the next, and those of
 * all the same names in order of arrival. Adding and taking out cost O(1) for each name.
 */
export class Turns<Item extends Waiting> {
  readonly #all = new Circle<Item>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whose turn it is. */
  get next(): Item | undefined {
    return this.#all.next;
  }

  add(item: Item): void {
    this.#all.add(item, 0);
    this.#size += 1;
  }

  /** Takes out one that waits no longer. Safe to repeat. */
  delete(item: Item): void {
    this.#size -= this.#all.remove(item, 0, false) ? 1 : 0;
  }

  /** Takes out one that had its turn: others of its names come after all other names. */
  served(item: Item): void {
    this.#size -= this.#all.remove(item, 0, true) ? 1 : 0;
  }
}

/** Those under one name. */
class Circle<Item extends Waiting> {
  readonly #items = new Set<Item>();
  /** In order of turns; none is empty. */
  readonly #circles = new Map<string, Circle<Item>>();

  get next(): Item | undefined {
    const [item] = this.#items;
    const [circle] = this.#circles.values();
    return item ?? circle?.next;
  }

  add(item: Item, depth: number): void {
    const name = item.who[depth];
    if (name === undefined) {
      this.#items.add(item);
      return;
    }
    const circle = this.#circles.get(name) ?? new Circle();
    this.#circles.set(name, circle);
    circle.add(item, depth + 1);
  }

  /** @returns whether it was there */
  remove(item: Item, depth: number, hadTurn: boolean): boolean {
    const name = item.who[depth];
    if (name === undefined) {
      return this.#items.delete(item);
    }
    const circle = this.#circles.get(name);
    const wasThere = circle?.remove(item, depth + 1, hadTurn) ?? false;
    if (circle && (hadTurn || circle.#isEmpty)) {
      this.#circles.delete(name);
      if (!circle.#isEmpty) {
        this.#circles.set(name, circle);
      }
    }
    return wasThere;
  }

  get #isEmpty(): boolean {
    return this.#items.size === 0 && this.#circles.size === 0;
  }
}
