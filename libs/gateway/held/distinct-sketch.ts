import { hash } from 'node:crypto';

/** Estimates are within some 2 % of the truth. */
const INDEX_BITS = 12;
const REGISTERS = 2 ** INDEX_BITS;
/** Corrects the mean; from the paper. */
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS);
/** Below this many times the registers, counting the empty ones is more exact. */
const FEW = 2.5;

/**
 * Counts how many different texts it was given, in 4 KiB, and keeps none of them (HyperLogLog).
 *
 * @see Flajolet, Fusy, Gandouet, Meunier: HyperLogLog (2007)
 */
export class DistinctSketch {
  /** For storing; as long as there are registers. */
  readonly octets: Uint8Array;

  /** @param octets - of another sketch, or of none if their number is another */
  constructor(octets?: Uint8Array) {
    this.octets =
      octets?.length === REGISTERS ? Uint8Array.from(octets) : new Uint8Array(REGISTERS);
  }

  /** @returns whether the sketch changed; false if the text was given before, and at times if not */
  add(text: string): boolean {
    const digest = hash('sha256', text, 'buffer');
    const index = digest.readUInt16BE(0) >> (16 - INDEX_BITS);
    const rank = Math.clz32(digest.readUInt32BE(2)) + 1;
    if (rank <= (this.octets[index] ?? 0)) {
      return false;
    }
    this.octets[index] = rank;
    return true;
  }

  /** From now on also counts what the other counts. */
  merge({ octets }: DistinctSketch): void {
    for (const [index, rank] of octets.entries()) {
      this.octets[index] = Math.max(this.octets[index] ?? 0, rank);
    }
  }

  /** How many different texts it was given, rounded. */
  estimate(): number {
    let sum = 0;
    let empty = 0;
    for (const rank of this.octets) {
      sum += 2 ** -rank;
      empty += rank === 0 ? 1 : 0;
    }
    const estimate = (ALPHA * REGISTERS ** 2) / sum;
    const isFew = estimate <= FEW * REGISTERS && empty > 0;
    return Math.round(isFew ? REGISTERS * Math.log(REGISTERS / empty) : estimate);
  }
}
