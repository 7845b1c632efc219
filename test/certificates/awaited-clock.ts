import { ManualClock } from '#clock/manual-clock.ts';

/** Knows whether anybody waits for it. */
export class AwaitedClock extends ManualClock {
  #waiting = 0;

  get isAwaited(): boolean {
    return this.#waiting > 0;
  }

  override schedule(delayMs: number, action: () => void): () => void {
    let isPending = true;
    this.#waiting++;
    const over = () => {
      this.#waiting -= isPending ? 1 : 0;
      isPending = false;
    };
    const cancel = super.schedule(delayMs, () => {
      over();
      action();
    });
    return () => {
      over();
      cancel();
    };
  }
}
