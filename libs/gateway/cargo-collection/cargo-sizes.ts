/** Bounds of the cargoes of one collection, in octets of plaintext; see docs/limits.md. */
export interface CargoSizeLimits {
  /** The first cargo of a CCA's first call: small, so that it leaves and is acknowledged soon. */
  readonly firstCargoOctets: number;
  readonly minCargoOctets: number;
  readonly maxCargoOctets: number;
}

/** A cargo that was acknowledged within this could have been larger. */
const QUICK_MS = 250;
/** One that took longer should have been smaller. */
const SLOW_MS = 1_000;

/**
 * Finds how large the cargoes of a collection should be: as few as possible, but
 * acknowledged often enough for a call of three seconds to make progress
 * whatever the courier's speed.
 */
export class CargoSizes {
  readonly #limits: CargoSizeLimits;
  #target: number;
  #octetsPerMs: number | null = null;

  /** @param hint - what {@link nextHint} gave for the call before; 0 if there was none */
  constructor(limits: CargoSizeLimits, hint: number) {
    this.#limits = limits;
    this.#target = this.#clamp(hint > 0 ? hint : limits.firstCargoOctets);
  }

  /** For the next cargo. */
  get target(): number {
    return this.#target;
  }

  /** How long a cargo of that size will probably take to be acknowledged; 0 if nothing is known. */
  estimateMs(octets: number): number {
    return this.#octetsPerMs === null ? 0 : octets / this.#octetsPerMs;
  }

  acknowledged(octets: number, tookMs: number): void {
    this.#octetsPerMs = octets / Math.max(tookMs, 1);
    if (tookMs <= QUICK_MS) {
      this.#target = this.#clamp(Math.max(this.#target, 2 * octets));
    } else if (tookMs > SLOW_MS) {
      this.#target = this.#clamp(octets / 2);
    }
  }

  /** The size to begin the next call with: much smaller if this one got nothing through. */
  get nextHint(): number {
    return this.#octetsPerMs === null ? this.#clamp(this.#target / 4) : this.#target;
  }

  #clamp(octets: number): number {
    const { minCargoOctets, maxCargoOctets } = this.#limits;
    return Math.round(Math.min(Math.max(octets, minCargoOctets), maxCargoOctets));
  }
}
