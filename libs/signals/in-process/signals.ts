import { BackingUnavailableError } from '#backing/errors.ts';
import type { Log } from '#log/log.ts';
import { OwnListener } from '../own-listener.ts';
import type { SignalListener, Signals, Subscription } from '../port.ts';

/**
 * Signals within one process. They lose nothing, so they never report an interruption.
 *
 * Listeners are called in the microtasks that follow a publication, in order.
 */
export class InProcessSignals implements Signals {
  readonly #log: Log;
  readonly #channels = new Map<string, Set<SignalListener>>();
  #closed = false;

  constructor({ log }: { readonly log: Log }) {
    this.#log = log;
  }

  publish(channel: string, message: string): void {
    if (this.#channels.has(channel)) {
      queueMicrotask(() => this.#deliver(channel, message));
    }
  }

  subscribe(channel: string, listener: SignalListener): Subscription {
    if (this.#closed) {
      return refusedSubscription();
    }
    const own = new OwnListener(listener);
    const listeners = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, listeners.add(own));
    return { ready: Promise.resolve(), close: () => this.#forget(channel, own) };
  }

  async check(): Promise<void> {
    if (this.#closed) {
      throw closedError();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#channels.clear();
  }

  #deliver(channel: string, message: string): void {
    const listeners = this.#channels.get(channel);
    for (const listener of [...(listeners ?? [])]) {
      // A listener called before this one may have closed this subscription.
      if (listeners?.has(listener)) {
        this.#tell(listener, channel, message);
      }
    }
  }

  #tell(listener: SignalListener, channel: string, message: string): void {
    try {
      listener.onMessage(message);
    } catch (error) {
      this.#log.error({ error, channel }, 'A signal listener threw');
    }
  }

  #forget(channel: string, listener: SignalListener): void {
    const listeners = this.#channels.get(channel);
    listeners?.delete(listener);
    if (listeners?.size === 0) {
      this.#channels.delete(channel);
    }
  }
}

function refusedSubscription(): Subscription {
  const ready = Promise.reject(closedError());
  // A rejection that nobody awaits must not end the process.
  ready.catch(() => {});
  return { ready, close() {} };
}

function closedError(): BackingUnavailableError {
  return new BackingUnavailableError('signals', 'closed');
}
