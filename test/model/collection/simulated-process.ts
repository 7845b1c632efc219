import type { Clock } from '#clock/clock.ts';

/** Gives turns, as {@link import('./interleaver.ts').Interleaver} does. */
export interface Turns {
  turn(label: string): Promise<void>;
}

/** A process that may die: what it had sent may still arrive, but it goes on with nothing. */
export class SimulatedProcess {
  readonly name: string;
  readonly clock: Clock;
  readonly #turns: Turns;
  readonly #cancelations = new Set<() => void>();
  #isDead = false;
  #isCutOff = false;

  constructor(name: string, { turns, clock }: { readonly turns: Turns; readonly clock: Clock }) {
    this.name = name;
    this.#turns = turns;
    this.clock = {
      now: () => clock.now(),
      elapsedMs: () => clock.elapsedMs(),
      schedule: (delayMs, action) => this.#schedule(clock, delayMs, action),
    };
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** @param arrives - whether what it has sent by now still takes effect */
  kill(arrives: boolean): void {
    this.#isDead = true;
    this.#isCutOff = !arrives;
    for (const cancel of this.#cancelations) {
      cancel();
    }
  }

  /** Resolves when what this process sent arrives; never, if it died and was cut off. */
  async arrives(what: string): Promise<void> {
    await this.#turns.turn(`${this.name} ${what}`);
    if (this.#isCutOff) {
      await forever();
    }
  }

  /**
   * Resolves when this process has its answer; never, if it has died.
   *
   * @param isBrief - it has it in the same turn
   */
  async isAnswered(what: string, isBrief: boolean): Promise<void> {
    if (!isBrief) {
      await this.#turns.turn(`${this.name} is answered: ${what}`);
    }
    if (this.#isDead) {
      await forever();
    }
  }

  #schedule(clock: Clock, delayMs: number, action: () => void): () => void {
    const scheduled = clock.schedule(delayMs, () => {
      this.#cancelations.delete(cancel);
      action();
    });
    const cancel = () => {
      this.#cancelations.delete(cancel);
      scheduled();
    };
    this.#cancelations.add(cancel);
    return cancel;
  }
}

function forever(): Promise<never> {
  return new Promise(() => {});
}
