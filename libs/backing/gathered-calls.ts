interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes what is asked for in one turn of the event loop by one call to a backing service: where each
 * call costs much more than what it asks for. Nothing waits for more to come.
 */
export class GatheredCalls<Item, Result> {
  readonly #most: number;
  readonly #call: (items: readonly Item[]) => Promise<readonly Result[]>;
  #waiting: Waiting<Item, Result>[] = [];

  /**
   * @param most - items to a call
   * @param call - returns a result for each item, in their order; one that fails does so for all
   */
  constructor(most: number, call: (items: readonly Item[]) => Promise<readonly Result[]>) {
    this.#most = most;
    this.#call = call;
  }

  /** @throws what the call throws */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#waiting.length === 1) {
        setImmediate(() => this.#makeAll());
      }
    });
  }

  #makeAll(): void {
    const all = this.#waiting;
    this.#waiting = [];
    for (let first = 0; first < all.length; first += this.#most) {
      void this.#make(all.slice(first, first + this.#most));
    }
  }

  async #make(together: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#call(together.map(({ item }) => item));
      together.forEach(({ resolve }, index) => {
        // There is one for each, as the call promises.
        resolve(results[index] as Result);
      });
    } catch (error) {
      for (const { reject } of together) {
        reject(error);
      }
    }
  }
}
