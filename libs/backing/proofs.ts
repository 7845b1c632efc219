import type { Clock } from '#clock/clock.ts';

interface Proof {
  /** Tries it, at some cost in money or load. */
  readonly probe: () => Promise<unknown>;
  /** How long a success, of a probe or of real work, counts as proof. */
  readonly validMs: number;
}

/** How long to wait before repeating a failed probe, as that costs too. */
const FAILED_FOR_MS = 5_000;

/**
 * Remembers what a backing service was lately proven to do. A check probes only what no real work
 * has proven for a while, and at once what real work found failing.
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

  /** Runs real work that needs this, and remembers whether it succeeded. */
  async shownBy<Result>(need: Need, work: () => Promise<Result>): Promise<Result> {
    const result = await this.heed(need, work);
    this.#shownAtMs.set(need, this.#clock.elapsedMs());
    return result;
  }

  /**
   * Runs real work that can succeed without the backing service, so that only a failure proves
   * anything.
   */
  async heed<Result>(need: Need, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      this.#shownAtMs.delete(need);
      throw error;
    }
  }

  /** @throws the error of the first need that fails, from a probe now or a moment ago */
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
