import type { Clock } from '#clock/clock.ts';
import type { ObjectKey } from '#object-store/port.ts';
import type { Stretch } from './collection-progress.ts';

interface SentCargo {
  /** The stretches that its acknowledgement covers. */
  readonly stretches: readonly Stretch[];
  /** Of the parcels in it; empty unless the log wants them. */
  readonly keys: readonly ObjectKey[];
  /** Of plaintext. */
  readonly octets: number;
  readonly sentAtMs: number;
}

interface SentCargoesParts {
  readonly clock: Clock;
  /**
   * How long the courier may acknowledge nothing while cargo is unacknowledged and none is being
   * sent.
   */
  readonly timeoutMs: number;
  /** Called when that time is over. */
  readonly onTimeout: () => void;
}

/** The cargoes of one collection that were sent but not acknowledged. */
export class SentCargoes {
  readonly #parts: SentCargoesParts;
  readonly #unacknowledged = new Map<string, SentCargo>();
  #octets = 0;
  #isSending = false;
  #isClosed = false;
  #onChange = () => {};
  #cancelTimeout = () => {};

  constructor(parts: SentCargoesParts) {
    this.#parts = parts;
  }

  /** Unacknowledged cargoes. */
  get count(): number {
    return this.#unacknowledged.size;
  }

  /** Unacknowledged octets of plaintext. */
  get octets(): number {
    return this.#octets;
  }

  /** Whether nothing is being sent or unacknowledged. */
  get isSettled(): boolean {
    return this.#unacknowledged.size === 0 && !this.#isSending;
  }

  /** Sends a cargo, which may be acknowledged from then on; rejects as `send` does. */
  async send(
    deliveryId: string,
    cargo: Omit<SentCargo, 'sentAtMs'>,
    send: () => Promise<void>,
  ): Promise<void> {
    this.#isSending = true;
    const sentAtMs = this.#parts.clock.elapsedMs();
    this.#unacknowledged.set(deliveryId, { ...cargo, sentAtMs });
    this.#octets += cargo.octets;
    this.#cancelTimeout();
    try {
      await send();
    } finally {
      this.#isSending = false;
    }
    this.#restartTimeout();
  }

  /** @returns the acknowledged cargo; null if no such cargo awaits it */
  acknowledge(deliveryId: string): SentCargo | null {
    const sent = this.#unacknowledged.get(deliveryId);
    if (!sent) {
      return null;
    }
    this.#unacknowledged.delete(deliveryId);
    this.#octets -= sent.octets;
    this.#restartTimeout();
    return sent;
  }

  /**
   * Resolves with the next {@link notify}.
   *
   * @throws the signal's reason, if it is aborted first
   */
  changed(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#onChange = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
    });
  }

  /** Makes waiters look again. */
  notify(): void {
    this.#onChange();
  }

  /** Stops measuring time. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimeout();
  }

  #restartTimeout(): void {
    this.#cancelTimeout();
    if (this.#unacknowledged.size > 0 && !this.#isSending && !this.#isClosed) {
      const { clock, timeoutMs, onTimeout } = this.#parts;
      this.#cancelTimeout = clock.schedule(timeoutMs, onTimeout);
    }
  }
}
