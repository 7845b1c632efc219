import type { Clock } from '#clock/clock.ts';
import type { Fulfilment } from './fulfilment.ts';

/** The lease is renewed after this many pauses even with nothing to store. */
const RENEWAL_PAUSES = 4;

/**
 * Stores a collection's progress regularly, so that little is sent twice if the process dies, and
 * renews its lease.
 */
export class Checkpoints {
  /** Whether there is anything new to store. */
  isDue = false;
  readonly #fulfilment: Fulfilment;
  readonly #options: {
    readonly clock: Clock;
    readonly pauseMs: number;
    readonly onFailure: (error: unknown) => void;
  };
  #idlePauses = 0;
  #isStopped = false;
  #underWay: Promise<void> = Promise.resolve();
  #cancelNext = () => {};

  constructor(
    fulfilment: Fulfilment,
    options: {
      readonly clock: Clock;
      readonly pauseMs: number;
      /** The collection must end: its lease is lost, or progress cannot be stored. */
      readonly onFailure: (error: unknown) => void;
    },
  ) {
    this.#fulfilment = fulfilment;
    this.#options = options;
  }

  start(): void {
    this.#cancelNext = this.#options.clock.schedule(this.#options.pauseMs, () => {
      this.#underWay = this.#store();
    });
  }

  /** Resolves when the last one is done; makes no more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelNext();
    await this.#underWay;
  }

  async #store(): Promise<void> {
    this.#idlePauses += 1;
    try {
      if (this.isDue || this.#idlePauses >= RENEWAL_PAUSES) {
        this.isDue = false;
        this.#idlePauses = 0;
        await this.#fulfilment.checkpoint();
      }
    } catch (error) {
      this.#options.onFailure(error);
      return;
    }
    if (!this.#isStopped) {
      this.start();
    }
  }
}
