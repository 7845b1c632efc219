import type { Clock } from '#clock/clock.ts';
import type { StoredParcel } from '../held/mailbox.ts';

interface DeliveriesParts {
  readonly clock: Clock;
  readonly limits: { readonly stallMs: number; readonly acknowledgementTimeoutMs: number };
  /** Nothing was acknowledged for `stallMs`. */
  readonly onStall: () => void;
  /**
   * Nothing was acknowledged for `acknowledgementTimeoutMs` while nothing was being sent either.
   */
  readonly onOverdue: () => void;
  /** Once it is aborted, time is no longer measured. */
  readonly signal: AbortSignal;
}

type DeliveriesState = 'quiet' | 'sending' | 'awaiting';

/**
 * The deliveries of one collection that its peer has not acknowledged.
 *
 * | state | meaning | leaves it for |
 * |---|---|---|
 * | `quiet` | the peer owes nothing | `sending`, when a delivery begins |
 * | `sending` | the network is taking a delivery; others may be unacknowledged | `awaiting` when it was taken, or `quiet` if all are acknowledged by then |
 * | `awaiting` | some are unacknowledged | `sending`, or `quiet` with the last acknowledgement |
 *
 * Time is measured anew with each change. While `sending`, the peer can only stall: how long sending
 * may take is for the sender to say.
 */
export class Deliveries {
  readonly #parts: DeliveriesParts;
  /** Null while there are none: most collections are idle. */
  #unacknowledged: Map<string, StoredParcel> | null = null;
  #state: DeliveriesState = 'quiet';
  #begun = 0;
  #acknowledged = 0;
  #onQuiet: (() => void) | null = null;
  #cancelStall: (() => void) | null = null;
  #cancelOverdue: (() => void) | null = null;

  constructor(parts: DeliveriesParts) {
    this.#parts = parts;
  }

  get state(): DeliveriesState {
    return this.#state;
  }

  /** Unacknowledged deliveries. */
  get count(): number {
    return this.#unacknowledged?.size ?? 0;
  }

  /** Deliveries begun so far, and how many of them were acknowledged. */
  get counts(): { readonly sent: number; readonly acknowledged: number } {
    return { sent: this.#begun, acknowledged: this.#acknowledged };
  }

  /**
   * Sends a parcel, which may be acknowledged from then on; one at a time. Rejects as `send` does.
   */
  async send(parcel: StoredParcel, send: (deliveryId: string) => Promise<void>): Promise<void> {
    this.#begun += 1;
    const deliveryId = this.#begun.toString(36);
    this.#unacknowledged ??= new Map();
    this.#unacknowledged.set(deliveryId, parcel);
    this.#enter('sending');
    try {
      await send(deliveryId);
    } finally {
      this.#enter(this.count > 0 ? 'awaiting' : 'quiet');
    }
  }

  /** @returns null if no such delivery awaits an acknowledgement */
  acknowledge(deliveryId: string): StoredParcel | null {
    const parcel = this.#unacknowledged?.get(deliveryId);
    if (!parcel) {
      return null;
    }
    this.#unacknowledged?.delete(deliveryId);
    if (this.count === 0) {
      this.#unacknowledged = null;
    }
    this.#acknowledged += 1;
    const isOwing = this.#state === 'sending' || this.count > 0;
    this.#enter(isOwing ? this.#state : 'quiet');
    return parcel;
  }

  /** Resolves once the state is `quiet`. To be called once. */
  async quiet(): Promise<void> {
    if (this.#state !== 'quiet') {
      await new Promise<void>((resolve) => {
        this.#onQuiet = resolve;
      });
    }
  }

  /** Stops measuring time until the next change. */
  stopWatching(): void {
    this.#cancelStall?.();
    this.#cancelStall = null;
    this.#cancelOverdue?.();
    this.#cancelOverdue = null;
  }

  #enter(state: DeliveriesState): void {
    this.#state = state;
    this.stopWatching();
    if (state === 'quiet') {
      this.#onQuiet?.();
    } else if (!this.#parts.signal.aborted) {
      const { clock, limits, onStall, onOverdue } = this.#parts;
      this.#cancelStall = clock.schedule(limits.stallMs, onStall);
      if (state === 'awaiting') {
        this.#cancelOverdue = clock.schedule(limits.acknowledgementTimeoutMs, onOverdue);
      }
    }
  }
}
