/** Pieces are examined in groups of this many. */
const AT_ONCE = 64;
/** Smaller ones, on average, are joined: each takes some 250 octets besides its own. */
const SMALL_OCTETS = 1_024;

/** Collects the pieces of a body with little overhead, however small they are. */
export class Pieces {
  readonly #settled: Buffer[] = [];
  #recent: Buffer[] = [];
  #recentOctets = 0;
  #octets = 0;

  /** In octets. */
  get octets(): number {
    return this.#octets;
  }

  /** Pieces held now. */
  get count(): number {
    return this.#settled.length + this.#recent.length;
  }

  add(piece: Buffer): void {
    this.#recent.push(piece);
    this.#recentOctets += piece.length;
    this.#octets += piece.length;
    if (this.#recent.length === AT_ONCE) {
      this.#settle();
    }
  }

  /** Copies even a single piece, which may be a view of a larger buffer. */
  joined(): Buffer {
    return Buffer.concat([...this.#settled, ...this.#recent], this.#octets);
  }

  clear(): void {
    this.#settled.length = 0;
    this.#recent = [];
    this.#recentOctets = 0;
    this.#octets = 0;
  }

  #settle(): void {
    if (this.#recentOctets >= AT_ONCE * SMALL_OCTETS) {
      this.#settled.push(...this.#recent);
      this.#recent = [];
      this.#recentOctets = 0;
      return;
    }
    const joined = Buffer.concat(this.#recent, this.#recentOctets);
    this.#recent = [joined];
    if (joined.length >= SMALL_OCTETS * (AT_ONCE / 4)) {
      this.#settled.push(joined);
      this.#recent = [];
      this.#recentOctets = 0;
    }
  }
}
