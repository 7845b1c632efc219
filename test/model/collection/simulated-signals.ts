import { BackingUnavailableError } from '#backing/errors.ts';
import type { SignalListener, Signals, Subscription } from '#signals/port.ts';
import type { Faults } from './faults.ts';
import type { Interleaver } from './interleaver.ts';
import type { SimulatedProcess } from './simulated-process.ts';

interface Subscriber {
  readonly channel: string;
  readonly listener: SignalListener;
  /** Published while it stood, not handed over yet; in order. */
  readonly pending: string[];
  standing: boolean;
  closed: boolean;
}

/**
 * Signals over a network that takes its time and fails when told to: a message
 * reaches each subscriber in a turn of its own, and a subscription stands only
 * once it had a turn.
 */
export class SimulatedSignals implements Signals {
  readonly #interleaver: Interleaver;
  readonly #subscribers = new Set<Subscriber>();
  readonly #faults: Faults;
  readonly #onBody: (generation: string) => void;

  /**
   * @param onBody - called when the signal of a generation is published with its body
   * @param faults - each of them fails a subscription that is about to stand
   */
  constructor(
    interleaver: Interleaver,
    faults: Faults,
    onBody: (generation: string) => void = () => {},
  ) {
    this.#onBody = onBody;
    this.#interleaver = interleaver;
    this.#faults = faults;
  }

  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  publish(channel: string, message: string): void {
    const published = this.#interleaver.turn(`signal published: ${shown(message)}`);
    void published.then(() => this.#deliver(channel, message));
  }

  /** Signals as a process that may die publishes them. */
  of(process: SimulatedProcess): Signals {
    return {
      publish: (channel, message) => {
        const published = process.arrives(`publishes a signal: ${shown(message)}`);
        void published.then(() => this.#deliver(channel, message));
      },
      subscribe: (channel, listener) => this.subscribe(channel, listener),
      check: () => this.check(),
      [Symbol.asyncDispose]: () => this[Symbol.asyncDispose](),
    };
  }

  subscribe(channel: string, listener: SignalListener): Subscription {
    const subscriber = { channel, listener, pending: [], standing: false, closed: false };
    this.#subscribers.add(subscriber);
    return {
      ready: this.#establish(subscriber),
      close: () => {
        subscriber.closed = true;
        this.#subscribers.delete(subscriber);
      },
    };
  }

  /** The oldest message on its way is lost, and nobody notices. */
  loseMessage(): void {
    this.#first((subscriber) => subscriber.pending.length > 0)?.pending.shift();
  }

  /** The oldest message on its way will come twice. */
  duplicateMessage(): void {
    const subscriber = this.#first(({ pending }) => pending.length > 0);
    const [message] = subscriber?.pending ?? [];
    if (subscriber && message !== undefined) {
      subscriber.pending.unshift(message);
      void this.#handOver(subscriber);
    }
  }

  /** The connection breaks: all that is on its way is lost, and all until each subscription stands again. */
  interrupt(): void {
    for (const subscriber of this.#subscribers) {
      if (subscriber.standing) {
        subscriber.standing = false;
        subscriber.pending.length = 0;
        void this.#reestablish(subscriber);
      }
    }
  }

  async check(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  async #establish(subscriber: Subscriber): Promise<void> {
    await this.#interleaver.turn('subscription stands');
    if (this.#faults.take('before')) {
      throw new BackingUnavailableError('signals', 'simulated');
    }
    subscriber.standing = true;
  }

  async #reestablish(subscriber: Subscriber): Promise<void> {
    await this.#interleaver.turn('subscription stands again');
    subscriber.standing = true;
    if (!subscriber.closed) {
      subscriber.listener.onInterrupted();
    }
  }

  async #handOver(subscriber: Subscriber): Promise<void> {
    await this.#interleaver.turn('signal arrives');
    const message = subscriber.pending.shift();
    if (message !== undefined && !subscriber.closed) {
      subscriber.listener.onMessage(message);
    }
  }

  #deliver(channel: string, message: string): void {
    if (isWithBody(message)) {
      this.#onBody(generationIn(message));
    }
    for (const subscriber of this.#subscribers) {
      if (subscriber.standing && subscriber.channel === channel) {
        subscriber.pending.push(message);
        void this.#handOver(subscriber);
      }
    }
  }

  #first(matches: (subscriber: Subscriber) => boolean): Subscriber | undefined {
    return [...this.#subscribers].find(matches);
  }
}

function shown(message: string): string {
  return `generation ${generationIn(message)}${isWithBody(message) ? ' with body' : ''}`;
}

function generationIn(message: string): string {
  return message.split(/[ ~]/, 1)[0] ?? '';
}

function isWithBody(message: string): boolean {
  return message.split('~').length > 2;
}
