/** Bounds of a collection's cargoes, in octets of plaintext; see docs/limits.md. */
export interface CargoSizeLimits {
  /** The first cargo of a CCA's first call: small, to be sent and acknowledged soon. */
  readonly firstCargoOctets: number;
  readonly minCargoOctets: number;
  readonly maxCargoOctets: number;
}

/** While acknowledgements come within this of each other, cargoes may grow. */
const QUICK_MS = 500;
/** When they take longer, cargoes should shrink. */
const SLOW_MS = 1_000;

/**
 * Sizes the cargoes of a collection: as few as possible, but acknowledged often enough that a call
 * of three seconds makes progress at any courier's speed.
 *
 * A courier may be slow per octet (its link) or per cargo (its processing). So within a call
 * cargoes never shrink below the size that the call began with; only a call without any
 * acknowledgement makes the next one start smaller.
 *
 * A small cargo's quick acknowledgement says little of the link's speed: it is mostly the round
 * trip. After it, the speed still counts as unknown, and a much larger cargo may follow.
 */
export class CargoSizes {
  readonly #limits: CargoSizeLimits;
  readonly #floor: number;
  #target: number;
  #octetsPerMs: number | null = null;
  #hasAcknowledged = false;
  #acknowledgedAtMs = 0;

  /** @param hint - the previous call's {@link nextHint}; 0 for the first call */
  constructor(limits: CargoSizeLimits, hint: number) {
    this.#limits = limits;
    this.#target = this.#clamp(hint > 0 ? hint : limits.firstCargoOctets);
    this.#floor = Math.min(this.#target, limits.firstCargoOctets);
  }

  /**
   * The size of the next cargo.
   *
   * @param timeLeftMs - until nothing can be acknowledged any more
   */
  target(timeLeftMs: number): number {
    const canBeSent = (this.#octetsPerMs ?? Number.POSITIVE_INFINITY) * Math.max(timeLeftMs, 0);
    return this.#clamp(Math.min(this.#target, canBeSent / 2));
  }

  /** Whether a cargo of this call was acknowledged. */
  get hasAcknowledged(): boolean {
    return this.#hasAcknowledged;
  }

  /** Whether an acknowledgement has told how fast the courier is. */
  get isSpeedKnown(): boolean {
    return this.#octetsPerMs !== null;
  }

  /** How long so many octets will probably take to be acknowledged; 0 if unknown. */
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

  /** The size to start the next call with. */
  get nextHint(): number {
    return this.#hasAcknowledged ? this.#target : this.#clamp(this.#target / 4);
  }

  #clamp(octets: number): number {
    const { minCargoOctets, maxCargoOctets } = this.#limits;
    return Math.round(Math.min(Math.max(octets, minCargoOctets), maxCargoOctets));
  }
}
