import { copyOf, descendants, type Element, putTogether, takeApart } from './der-tree.ts';
import type { SeededRandom } from './random.ts';

/**
 * Changes the structure of DER values as an attacker with a plan does, who gets
 * the lengths right: leaves elements out, repeats or reorders them, or puts in
 * others, of the other originals too.
 */
export class TreeMutator {
  readonly #originals: readonly Element[];
  readonly #donated: readonly Element[];
  readonly #donatedByTag: ReadonlyMap<number, readonly Element[]>;

  /** @param originals - well-formed DER values */
  constructor(originals: readonly Uint8Array[]) {
    this.#originals = originals.map(takeApart);
    this.#donated = this.#originals.flatMap(descendants);
    this.#donatedByTag = Map.groupBy(this.#donated, ({ tag }) => tag);
  }

  /** One of the originals, changed in one place or more. */
  mutate(random: SeededRandom): Uint8Array {
    const root = copyOf(random.pick(this.#originals));
    do {
      this.#mutateOnce(pickChildren(root, random), random);
    } while (random.below(3) === 0);
    return putTogether(root);
  }

  #mutateOnce(siblings: Element[], random: SeededRandom): void {
    const index = random.below(siblings.length);
    const element = siblings[index];
    if (!element) {
      return;
    }
    const alike = this.#donatedByTag.get(element.tag) ?? [element];
    switch (random.below(7)) {
      case 0:
        siblings.splice(index, 1);
        break;
      case 1:
        siblings.splice(index, 0, copyOf(element));
        break;
      case 2:
        siblings.reverse();
        break;
      case 3:
        siblings.splice(index, 1, copyOf(random.pick(this.#donated)));
        break;
      case 4:
        siblings.splice(random.below(siblings.length + 1), 0, copyOf(random.pick(alike)));
        break;
      case 5:
        element.tag ^= random.pick([0x20, 0x80, 0x40, 1, 2, 4]);
        break;
      default:
        siblings.splice(index, 1, copyOf(random.pick(alike)));
    }
  }
}

/** The children of an element, which more often than not is one near the root. */
function pickChildren(root: Element, random: SeededRandom): Element[] {
  let siblings = root.children ?? [];
  while (siblings.length > 0 && random.below(3) > 0) {
    const inner = random.pick(siblings).children;
    if (!inner || inner.length === 0) {
      break;
    }
    siblings = inner;
  }
  return siblings;
}
