import type { SizeClass } from './size-classes.ts';

const COMPLETE = 1 << 30;
/** As it is stored where the first pass began before classes were remembered. */
export const UNTRACKED = -1;

/**
 * Which classes of parcels the first pass over a mailbox came by, so that no pass is
 * made for the others, in whichever call of a collection.
 */
export class FoundClasses {
  #bits: number;

  /** @param state - as {@link state} was; 0 for a collection that begins */
  constructor(state = 0) {
    this.#bits = state;
  }

  get state(): number {
    return this.#bits;
  }

  add(sizeClass: SizeClass): void {
    if (this.#bits !== UNTRACKED) {
      this.#bits |= 1 << sizeClass;
    }
  }

  /** The first pass has ended. */
  complete(): void {
    if (this.#bits !== UNTRACKED) {
      this.#bits |= COMPLETE;
    }
  }

  /** Whether the whole mailbox has been listed and has none of the class. */
  lacks(sizeClass: SizeClass): boolean {
    const isComplete = this.#bits !== UNTRACKED && (this.#bits & COMPLETE) !== 0;
    return isComplete && (this.#bits & (1 << sizeClass)) === 0;
  }
}
