/**
 * Lets several tasks go on together. Each that wants to waits until all the others that take part do
 * as well, or have left.
 */
export class InStep {
  #tasks: number;
  #waiting: (() => void)[] = [];

  /** @param tasks - how many take part */
  constructor(tasks: number) {
    this.#tasks = tasks;
  }

  /** Resolves once all are here. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#goOn();
    });
  }

  /** A task takes part no more. */
  leave(): void {
    this.#tasks--;
    this.#goOn();
  }

  #goOn(): void {
    if (this.#waiting.length >= this.#tasks) {
      const together = this.#waiting;
      this.#waiting = [];
      for (const resolve of together) {
        resolve();
      }
    }
  }
}
