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
 *
 * How long a small cargo took says little of the link's speed, unless that was long:
 * it is the way there and back. So after a small one that was quick, the speed is still
 * unknown, and one that is much larger may follow.
 */
export class CargoSizes {
  readonly #limits: CargoSizeLimits;
  readonly #floor: number;
  #target: number;
  #octetsPerMs: number | null = null;
  #hasAcknowledged = false;
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
  get hasAcknowledged(): boolean {
    return this.#hasAcknowledged;
  }

  /** Whether one was that tells how fast the courier is. */
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
    this.#hasAcknowledged = true;
    if (octets >= this.#limits.firstCargoOctets / 2 || tookMs > SLOW_MS) {
      this.#octetsPerMs = octets / tookMs;
    }
    if (tookMs <= QUICK_MS) {
      this.#target = this.#clamp(Math.max(this.#target, 2 * octets));
    } else if (tookMs > SLOW_MS) {
      this.#target = this.#clamp(Math.max(this.#floor, octets / 2));
    }
  }

  /** The size to begin the next call with. */
  get nextHint(): number {
    return this.#hasAcknowledged ? this.#target : this.#clamp(this.#target / 4);
  }

  #clamp(octets: number): number {
    const { minCargoOctets, maxCargoOctets } = this.#limits;
    return Math.round(Math.min(Math.max(octets, minCargoOctets), maxCargoOctets));
  }
}
