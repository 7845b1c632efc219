import { type SizeClass, SMALLEST_CLASS_OCTETS, sizeClassOf } from './size-classes.ts';

/** Failed calls after which a parcel is given up, with everything as large. */
const TRIES = 3;
/** Failed calls after which the whole size class is given up, smaller parcels included. */
const TRIES_OF_CLASS = 6;

/** As it is stored. */
interface CourierReachState {
  /** The smallest parcel that had a call for itself in vain; 0 if there was none. */
  readonly octets: number;
  /** Such calls, since something as large was acknowledged. */
  readonly calls: number;
}

/**
 * What the couriers that show a CCA can carry within one of their calls, as far as
 * their calls have shown it: a parcel that was sent first in a call, alone, and was
 * not acknowledged before the call was over is doubtful; after three such calls it
 * is given up under this CCA, with everything that is as large. So a parcel that no call can
 * bring does not keep the CCA from its end.
 *
 * The smallest parcels are never doubtful: who does not get those gets nothing.
 */
export class CourierReach {
  #octets: number;
  #calls: number;

  constructor({ octets, calls }: CourierReachState = { octets: 0, calls: 0 }) {
    this.#octets = octets;
    this.#calls = calls;
  }

  get state(): CourierReachState {
    return { octets: this.#octets, calls: this.#calls };
  }

  /** A parcel had a call for itself in vain. */
  failed(parcelOctets: number): void {
    if (parcelOctets > SMALLEST_CLASS_OCTETS) {
      this.#octets = this.#calls === 0 ? parcelOctets : Math.min(this.#octets, parcelOctets);
      this.#calls += 1;
    }
  }

  /** So much was acknowledged at once. */
  carried(octets: number): void {
    if (octets >= this.#octets) {
      this.#octets = 0;
      this.#calls = 0;
    }
  }

  /**
   * The first doubtful size class; smaller classes go first.
   *
   * @returns null if none are
   */
  doubtfulFrom(fittingOctets: number): SizeClass | null {
    return this.#calls === 0 ? null : sizeClassOf(this.#octets, fittingOctets);
  }

  /** Whether a parcel is given up: it stays held, but is not sent under this CCA any more. */
  isBeyond(parcelOctets: number): boolean {
    if (this.#calls >= TRIES_OF_CLASS) {
      return classOf(parcelOctets) >= classOf(this.#octets);
    }
    return this.#calls >= TRIES && parcelOctets >= this.#octets;
  }
}

function classOf(octets: number): SizeClass {
  return sizeClassOf(octets, Number.POSITIVE_INFINITY);
}
