/** Decides what happens next, where several things may. */
export interface Choices {
  /**
   * Of those that wait, the first has waited longest; the next action comes last.
   *
   * @param waiting - how many wait for their turn
   * @param isActionLeft - whether an action could be taken instead
   * @returns the index of one who waits, or `waiting` for the action
   */
  choose(waiting: number, isActionLeft: boolean): number;
}

interface Turn {
  readonly label: string;
  readonly take: () => void;
}

/** Far more turns than any scenario needs: past it, something goes round in circles. */
const MAX_TURNS = 20_000;

/**
 * Decides the order in which everything that waits goes on: each call to a port
 * waits for its turns, and turns are given one at a time, to whom the choices say.
 */
export class Interleaver {
  /** What had its turn, in order. */
  readonly trace: string[] = [];
  readonly #choices: Choices;
  readonly #waiting: Turn[] = [];

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  /** Resolves when it is the caller's turn. */
  turn(label: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ label, take: resolve }));
  }

  note(event: string): void {
    this.trace.push(event);
  }

  /**
   * Gives turns until nobody waits for one and no action is left. Actions are
   * taken in their order, each at any moment between two turns.
   *
   * @param afterEach - called when all that a turn set off has come to rest
   */
  async run(
    actions: readonly (() => Promise<void> | void)[],
    afterEach: () => void,
  ): Promise<void> {
    const left = [...actions];
    await settled();
    while (this.#waiting.length + left.length > 0) {
      const choice = this.#choices.choose(this.#waiting.length, left.length > 0);
      const [turn] = this.#waiting.splice(choice, 1);
      if (turn) {
        this.note(turn.label);
        turn.take();
      } else {
        await left.shift()?.();
      }
      await settled();
      if (this.trace.length > MAX_TURNS) {
        throw new Error(`no end after ${MAX_TURNS} turns`);
      }
      afterEach();
    }
  }
}

/** Resolves once every promise that could settle by itself has settled. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Whoever waits since the last turn: given often, it lets one party go on and on
 * while the others stand still.
 */
export const NEWEST = 5_040;

/**
 * Makes the given choices, each taken modulo the number of possibilities unless it
 * is {@link NEWEST}; then always the first.
 */
export class GivenChoices implements Choices {
  readonly #given: readonly number[];
  #position = 0;

  constructor(given: readonly number[]) {
    this.#given = given;
  }

  choose(waiting: number, isActionLeft: boolean): number {
    const given = this.#given[this.#position++] ?? 0;
    return given === NEWEST && waiting > 0
      ? waiting - 1
      : given % (waiting + (isActionLeft ? 1 : 0));
  }
}

/**
 * Every possible sequence of choices, one after the other: use it for a run, then
 * call {@link EveryChoice.next} until there is none left.
 */
export class EveryChoice implements Choices {
  readonly #path: { choice: number; readonly count: number }[] = [];
  #depth = 0;

  choose(waiting: number, isActionLeft: boolean): number {
    const count = waiting + (isActionLeft ? 1 : 0);
    const step = this.#path[this.#depth] ?? { choice: 0, count };
    this.#path[this.#depth++] = step;
    if (step.count !== count) {
      throw new Error('the same choices led elsewhere: something else decides, too');
    }
    return step.choice;
  }

  /** Goes on to the next sequence; false if all were had. */
  next(): boolean {
    this.#path.length = this.#depth;
    this.#depth = 0;
    for (let last = this.#path.at(-1); last; last = this.#path.at(-1)) {
      if (last.choice + 1 < last.count) {
        last.choice += 1;
        return true;
      }
      this.#path.pop();
    }
    return false;
  }
}
