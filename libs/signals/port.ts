/** What a subscriber hears. Calls come in order and must not throw. */
export interface SignalListener {
  onMessage(message: string): void;

  /**
   * The subscription works again, but messages may have been lost since the last call: whoever
   * relies on signals must read the store now.
   */
  onInterrupted(): void;
}

/** One listener's subscription to one channel. */
export interface Subscription {
  /**
   * Resolves once the subscription stands: every message published from then on will arrive.
   *
   * @throws {BackingUnavailableError} if that takes too long
   */
  readonly ready: Promise<void>;

  /** Ends the subscription; the listener is not called again. Safe to repeat. */
  close(): void;
}

/**
 * Hints from one process to others that something is stored. A signal may be lost or arrive twice:
 * the store is the truth. A loss that the adapter notices is reported through {@link
 * SignalListener.onInterrupted}.
 *
 * One connection per process, however many channels.
 */
export interface Signals extends AsyncDisposable {
  /**
   * Queues the message and returns at once. Failures are retried in bounded memory; what cannot be
   * published is dropped and logged, and its subscribers are told of an interruption once that is
   * possible.
   *
   * @param repeated - what to publish instead where the message may have arrived before, or where
   *   many messages wait; the message by default
   */
  publish(channel: string, message: string, repeated?: string): void;

  subscribe(channel: string, listener: SignalListener): Subscription;

  /** Resolves if messages can be published and received now. */
  check(): Promise<void>;
}
