import { type SizeClass, SMALLEST_CLASS_OCTETS, sizeClassOf } from './size-classes.ts';

/** Failed calls after which a parcel, and all as large, is given up. */
const TRIES = 3;
/** Failed calls after which the whole size class is given up, smaller parcels included. */
const TRIES_OF_CLASS = 6;

/** As stored. */
interface CourierReachState {
  /** The smallest parcel that had a call in vain; 0 if there is none. */
  readonly octets: number;
  /** Such calls since something as large was acknowledged. */
  readonly calls: number;
}

/**
 * What the couriers with a CCA can carry within one call, as their calls have shown. A parcel sent
 * first and alone in a call, and not acknowledged in it, becomes doubtful; after three such calls
 * it is given up under this CCA, with all parcels as large. So a parcel that no call can deliver
 * does not keep the CCA from ending.
 *
 * The smallest parcels are never doubtful: a courier that cannot carry those carries nothing.
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

  /** A parcel had a call to itself in vain. */
  failed(parcelOctets: number): void {
    if (parcelOctets > SMALLEST_CLASS_OCTETS) {
      this.#octets = this.#calls === 0 ? parcelOctets : Math.min(this.#octets, parcelOctets);
      this.#calls += 1;
    }
  }

  /** So many octets were acknowledged at once. */
  carried(octets: number): void {
    if (octets >= this.#octets) {
      this.#octets = 0;
      this.#calls = 0;
    }
  }

  /**
   * The first doubtful size class; smaller classes go first.
   *
   * @returns null if none is doubtful
   */
  doubtfulFrom(fittingOctets: number): SizeClass | null {
    return this.#calls === 0 ? null : sizeClassOf(this.#octets, fittingOctets);
  }

  /** Whether a parcel is given up: it stays held, but is not sent under this CCA. */
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
