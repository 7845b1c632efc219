import type { Clock } from '#clock/clock.ts';

/**
 * Notices that a peer acknowledges nothing. While a delivery is still being sent,
 * the peer can only stall: how long sending may take is for the sender to say.
 */
export class AcknowledgementWatch {
  readonly #clock: Clock;
  readonly #stallMs: number;
  readonly #acknowledgementTimeoutMs: number;
  readonly #onStall: () => void;
  readonly #onOverdue: () => void;
  #cancelStall = () => {};
  #cancelOverdue = () => {};

  constructor(
    clock: Clock,
    limits: { readonly stallMs: number; readonly acknowledgementTimeoutMs: number },
    listener: { readonly onStall: () => void; readonly onOverdue: () => void },
  ) {
    this.#clock = clock;
    this.#stallMs = limits.stallMs;
    this.#acknowledgementTimeoutMs = limits.acknowledgementTimeoutMs;
    this.#onStall = listener.onStall;
    this.#onOverdue = listener.onOverdue;
  }

  /** Both times begin anew. */
  restart({ isSending }: { readonly isSending: boolean }): void {
    this.stop();
    this.#cancelStall = this.#clock.schedule(this.#stallMs, this.#onStall);
    if (!isSending) {
      this.#cancelOverdue = this.#clock.schedule(this.#acknowledgementTimeoutMs, this.#onOverdue);
    }
  }

  stop(): void {
    this.#cancelStall();
    this.#cancelOverdue();
  }
}
