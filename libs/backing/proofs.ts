import type { Clock } from '#clock/clock.ts';

interface Proof {
  /** Tries it; at some cost, in money or load. */
  readonly probe: () => Promise<unknown>;
  /** A success so recent, of a probe or of real work, shows that it works. */
  readonly validMs: number;
}

/** A probe that failed is not repeated before: it costs, too. */
const FAILED_FOR_MS = 5_000;

/**
 * What a backing service was lately seen to do. Checks probe what nobody has shown for a while; what
 * real work showed not to work is probed at once.
 */
export class Proofs<Need extends string> {
  readonly #clock: Clock;
  readonly #proofs: Readonly<Record<Need, Proof>>;
  readonly #shownAtMs = new Map<Need, number>();
  readonly #failures = new Map<Need, { readonly atMs: number; readonly error: unknown }>();

  constructor(clock: Clock, proofs: Readonly<Record<Need, Proof>>) {
    this.#clock = clock;
    this.#proofs = proofs;
  }

  /** Runs real work that needs this, and remembers how it ended. */
  async shownBy<Result>(need: Need, work: () => Promise<Result>): Promise<Result> {
    const result = await this.heed(need, work);
    this.#shownAtMs.set(need, this.#clock.elapsedMs());
    return result;
  }

  /** Runs real work that may do without the backing service, so that only its failure shows anything. */
  async heed<Result>(need: Need, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      this.#shownAtMs.delete(need);
      throw error;
    }
  }

  /** @throws what the probe throws, or threw a moment ago, of the first that does not work */
  async check(needs: readonly Need[]): Promise<void> {
    await Promise.all(needs.map((need) => this.#checkOne(need)));
  }

  async #checkOne(need: Need): Promise<void> {
    const { probe, validMs } = this.#proofs[need];
    if (this.#age(this.#shownAtMs.get(need)) < validMs) {
      return;
    }
    const failure = this.#failures.get(need);
    if (failure && this.#age(failure.atMs) < FAILED_FOR_MS) {
      throw failure.error;
    }
    try {
      await this.shownBy(need, probe);
      this.#failures.delete(need);
    } catch (error) {
      this.#failures.set(need, { atMs: this.#clock.elapsedMs(), error });
      throw error;
    }
  }

  #age(sinceMs: number | undefined): number {
    return this.#clock.elapsedMs() - (sinceMs ?? Number.NEGATIVE_INFINITY);
  }
}
