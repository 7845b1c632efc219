import type { Clock } from '#clock/clock.ts';
import { OwnTallies } from '../own-tallies.ts';
import type { Tallied, Tallies, TallyLimit } from '../port.ts';

/** Tallies in the memory of the only process that counts. */
export class InProcessTallies implements Tallies {
  readonly #own: OwnTallies;

  constructor(parts: { readonly clock: Clock }) {
    this.#own = new OwnTallies(parts);
  }

  async add(
    name: string,
    amounts: readonly number[],
    limits: readonly TallyLimit[],
  ): Promise<Tallied> {
    return this.#own.add(name, amounts, limits);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
