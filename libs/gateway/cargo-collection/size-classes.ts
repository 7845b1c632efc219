/**
 * The pass over a mailbox that takes a parcel to a courier: 0 for the smallest. Passes go in
 * ascending order, so that no parcel waits for one more than a few times larger.
 */
export type SizeClass = number;

const KIB = 1_024;

/**
 * The largest parcel of each class but the last two, in octets. From 64 KiB on each doubles: a call
 * of 3 to 5 s over 100 kbit/s to 5 Mbit/s may or may not deliver those.
 */
const BOUNDS = [16, 64, 128, 256, 512, 1_024, 2_048].map((kib) => kib * KIB);

/** The largest parcel that any usable link delivers in one call; see `minCargoOctets`. */
export const SMALLEST_CLASS_OCTETS = 16 * KIB;

/**
 * Parcels that fit into a gRPC message which every courier's client accepts, in ascending order of
 * size.
 */
export const FITTING_CLASSES: readonly SizeClass[] = [...BOUNDS.keys(), BOUNDS.length];

/** Parcels too large for that even alone. */
export const OVERSIZE: SizeClass = FITTING_CLASSES.length;

/**
 * The size class of a parcel.
 *
 * @param octets - of the parcel
 * @param fittingOctets - the largest parcel that is not {@link OVERSIZE}
 */
export function sizeClassOf(octets: number, fittingOctets: number): SizeClass {
  if (octets > fittingOctets) {
    return OVERSIZE;
  }
  const index = BOUNDS.findIndex((bound) => octets <= bound);
  return index === -1 ? BOUNDS.length : index;
}

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
