/** Bounds of the cargoes of one collection, in octets of plaintext; see docs/limits.md. */
export interface CargoSizeLimits {
  /** The first cargo of a CCA's first call: small, so that it leaves and is acknowledged soon. */
  readonly firstCargoOctets: number;
  readonly minCargoOctets: number;
  readonly maxCargoOctets: number;
}

/** While cargoes are acknowledged within this of each other, they may be larger. */
const QUICK_MS = 500;
/** When it takes longer, they should be smaller. */
const SLOW_MS = 1_000;

/**
 * Finds how large the cargoes of a collection should be: as few as possible, but
 * acknowledged often enough for a call of three seconds to make progress
 * whatever the courier's speed.
 *
 * A courier may be slow per octet, because of its link, or per cargo, because of
 * what it does with each. Hence within a call cargoes shrink no further than to
 * the size that the call began with; only a call in which nothing was
 * acknowledged makes the next one begin with less.
 */
export class CargoSizes {
  readonly #limits: CargoSizeLimits;
  readonly #floor: number;
  #target: number;
  #octetsPerMs: number | null = null;
  #acknowledgedAtMs = 0;

  /** @param hint - what {@link nextHint} gave for the call before; 0 if there was none */
  constructor(limits: CargoSizeLimits, hint: number) {
    this.#limits = limits;
    this.#target = this.#clamp(hint > 0 ? hint : limits.firstCargoOctets);
    this.#floor = Math.min(this.#target, limits.firstCargoOctets);
  }

  /** For the next cargo. @param timeLeftMs - until nothing can be acknowledged any more */
  target(timeLeftMs: number): number {
    const canBeSent = (this.#octetsPerMs ?? Number.POSITIVE_INFINITY) * Math.max(timeLeftMs, 0);
    return this.#clamp(Math.min(this.#target, canBeSent / 2));
  }

  /** Whether a cargo of this call was acknowledged. */
  get isSpeedKnown(): boolean {
    return this.#octetsPerMs !== null;
  }

  /** How long so many octets will probably take to be acknowledged; 0 if nothing is known. */
  estimateMs(octets: number): number {
    return this.#octetsPerMs === null ? 0 : octets / this.#octetsPerMs;
  }

  acknowledged(octets: number, sentAtMs: number, nowMs: number): void {
    const tookMs = Math.max(nowMs - Math.max(sentAtMs, this.#acknowledgedAtMs), 1);
    this.#acknowledgedAtMs = nowMs;
    this.#octetsPerMs = octets / tookMs;
    if (tookMs <= QUICK_MS) {
      this.#target = this.#clamp(Math.max(this.#target, 2 * octets));
    } else if (tookMs > SLOW_MS) {
      this.#target = this.#clamp(Math.max(this.#floor, octets / 2));
    }
  }

  /** The size to begin the next call with. */
  get nextHint(): number {
    return this.#octetsPerMs === null ? this.#clamp(this.#target / 4) : this.#target;
  }

  #clamp(octets: number): number {
    const { minCargoOctets, maxCargoOctets } = this.#limits;
    return Math.round(Math.min(Math.max(octets, minCargoOctets), maxCargoOctets));
  }
}
