import { BackingUnavailableError } from '#backing/errors.ts';
import { type Clock, delay, inTime, systemClock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import type { PublisherLink } from './link.ts';

/** Messages that may wait for Redis; further ones are dropped. */
const MOST_WAITING = 10_000;

/** Sent before the answers are waited for. */
const BATCH = 500;

/** A message that waited so long is dropped: collectors look at the store after an interruption anyway. */
const LONGEST_WAIT_MS = 30_000;

const PAUSE_MS = 250;

/** Closing waits no longer for a Redis that gives no answer. */
const LONGEST_FLUSH_MS = 1_000;

interface Waiting {
  readonly channel: string;
  readonly message: string;
  readonly sinceMs: number;
}

export interface PublisherOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Opens the connection with the first message. */
  readonly open: () => PublisherLink;
}

/** Publishes in order and in the background, retrying for a while, in bounded memory. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #closing = new AbortController();
  #waiting: Waiting[] = [];
  #dropped = 0;
  #link: PublisherLink | undefined;
  #sending = false;
  #sent: Promise<void> = Promise.resolve();
  #isClosing = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#link !== undefined;
  }

  publish(channel: string, message: string): void {
    if (this.#isClosing) {
      return;
    }
    if (this.#waiting.length >= MOST_WAITING) {
      this.#dropped++;
      return;
    }
    this.#waiting.push({ channel, message, sinceMs: this.#nowMs() });
    if (!this.#sending) {
      this.#sending = true;
      this.#sent = this.#sendAll();
    }
  }

  async ping(): Promise<void> {
    await this.#open().ping();
  }

  /** Sends what still waits, for a moment: collectors would not look for it soon. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await inTime(systemClock, LONGEST_FLUSH_MS, this.#sent, () => {});
    this.#closing.abort(new BackingUnavailableError('signals', 'closed'));
    this.#waiting = [];
    this.#link?.close();
  }

  async #sendAll(): Promise<void> {
    const { clock } = this.#options;
    while (this.#waiting.length > 0 && !this.#closing.signal.aborted) {
      const batch = this.#waiting.splice(0, BATCH);
      const unsent = await this.#send(batch);
      if (unsent.length > 0) {
        this.#waiting.unshift(...unsent);
        this.#dropOld();
        await delay(clock, PAUSE_MS, this.#closing.signal).catch(() => {});
      }
    }
    this.#sending = false;
    this.#reportDropped();
  }

  /** @returns those that failed, in order */
  async #send(batch: readonly Waiting[]): Promise<Waiting[]> {
    const link = this.#open();
    const outcomes = await Promise.allSettled(
      batch.map(({ channel, message }) => link.publish(channel, message)),
    );
    return batch.filter((_, index) => outcomes[index]?.status === 'rejected');
  }

  #open(): PublisherLink {
    this.#link ??= this.#options.open();
    return this.#link;
  }

  #dropOld(): void {
    const oldestMs = this.#nowMs() - LONGEST_WAIT_MS;
    const kept = this.#waiting.filter(({ sinceMs }) => sinceMs > oldestMs);
    this.#dropped += this.#waiting.length - kept.length;
    this.#waiting = kept;
  }

  #reportDropped(): void {
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      this.#options.log.warn({ dropped }, 'Signals were dropped: Redis could not be reached');
    }
  }

  #nowMs(): number {
    return this.#options.clock.now().getTime();
  }
}
