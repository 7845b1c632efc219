/**
 * Lets several tasks go on together: each that waits goes on once all the others that are in step wait
 * as well.
 */
export class InStep {
  #tasks = 0;
  #waiting: (() => void)[] = [];

  /** Adds a task, which is in step until it leaves. */
  add(): StepTask {
    this.#tasks++;
    let isInStep = true;
    const change = (to: boolean) => {
      if (to !== isInStep) {
        isInStep = to;
        this.#tasks += to ? 1 : -1;
        this.#goOn();
      }
    };
    return { wait: () => this.#wait(), leave: () => change(false), join: () => change(true) };
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#goOn();
    });
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

/** One of the tasks that go on together. */
export interface StepTask {
  /** Resolves once all in step wait. Call it only in step. */
  wait(): Promise<void>;
  /** The others wait for it no more. Safe to repeat. */
  leave(): void;
  /** They wait for it again. Safe to repeat. */
  join(): void;
}
