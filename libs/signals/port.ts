/** What a subscriber is told; calls come in order and must not throw. */
export interface SignalListener {
  onMessage(message: string): void;

  /**
   * Messages may have been lost since the last call, and the subscription stands
   * again: whoever relies on signals must look at the store now.
   */
  onInterrupted(): void;
}

export interface Subscription {
  /**
   * Resolves once every message published from now on will arrive.
   *
   * @throws {BackingUnavailableError} if that could not be had in time
   */
  readonly ready: Promise<void>;

  /** Ends the subscription; the listener is not called again. Safe to call twice. */
  close(): void;
}

/**
 * Hints from one process to others that something is stored. A signal may be
 * lost or come twice: the store is the truth, and a loss that the adapter can
 * notice is reported through {@link SignalListener.onInterrupted}.
 *
 * One connection per process, whatever the number of channels.
 */
export interface Signals extends AsyncDisposable {
  /** Hands the message over without waiting; failures are retried in bounded memory, then dropped and logged. */
  publish(channel: string, message: string): void;

  subscribe(channel: string, listener: SignalListener): Subscription;

  /** Resolves if messages can be published and received now. */
  check(): Promise<void>;
}
