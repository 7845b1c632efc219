import { BackingUnavailableError } from '#backing/errors.ts';
import { isFromReplica } from '#backing/redis/server-connection.ts';
import { inTime } from '#bounds/deadline.ts';
import { type Clock, delay, systemClock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import type { PublisherLink } from './link.ts';

/** Messages that may wait for Redis; more are dropped. */
const MOST_WAITING = 10_000;

/** Messages kept for republishing in case the server was a replica; the oldest go first. */
const MOST_UNCONFIRMED = 10_000;

/** How long after a message the server is tested for accepting writes. */
const CONFIRM_AFTER_MS = 5_000;

/** Messages sent before waiting for the answers. */
const BATCH = 500;

/** Messages older than this are dropped: after an interruption collectors read the store anyway. */
const LONGEST_WAIT_MS = 30_000;

const PAUSE_MS = 250;

/** How long closing waits for Redis. */
const LONGEST_FLUSH_MS = 1_000;

interface Waiting {
  readonly channel: string;
  readonly message: string;
  /** What to publish from the second time on. */
  readonly repeated: string;
  readonly sinceMs: number;
}

interface Published extends Waiting {
  readonly connection: number;
}

interface PublisherOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Called for the first message. */
  readonly open: () => PublisherLink;
  /** Written to test whether the server accepts writes. */
  readonly checkKey: string;
}

/**
 * Publishes in order and in the background, with retries for a while, in bounded memory.
 *
 * A server that has become a replica still accepts messages, but only its own subscribers get them.
 * So some time after a message this writes to the server; if that is refused, or the connection was
 * replaced meanwhile, everything published since the last confirmation is published again.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #closing = new AbortController();
  #waiting: Waiting[] = [];
  #unconfirmed: Published[] = [];
  #cancelConfirming: (() => void) | null = null;
  #dropped = 0;
  #link: PublisherLink | undefined;
  #sending = false;
  #sent: Promise<void> = Promise.resolve();
  #isClosing = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** @param repeated - published instead if another attempt is needed, or {@link BATCH} messages wait */
  publish(channel: string, message: string, repeated: string): void {
    if (this.#isClosing) {
      return;
    }
    if (this.#waiting.length >= MOST_WAITING) {
      this.#dropped++;
      return;
    }
    const isFirst = this.#waiting.length < BATCH;
    const first = isFirst ? message : repeated;
    this.#waiting.push({ channel, message: first, repeated, sinceMs: this.#nowMs() });
    this.#startSending();
  }

  /** Publishes one message now; rejects if that fails. */
  async publishNow(channel: string, message: string): Promise<void> {
    await this.#open().publish(channel, message);
  }

  /** Resolves once what was published so far is known to have reached the right server. */
  async confirm(): Promise<void> {
    const link = this.#open();
    const published = this.#unconfirmed;
    this.#unconfirmed = [];
    try {
      await link.write(this.#options.checkKey);
    } catch (error) {
      if (isFromReplica(error)) {
        this.#publishAgain(published);
      } else {
        this.#unconfirmed.unshift(...published);
        this.#keepUnconfirmed();
      }
      throw error;
    }
    this.#publishAgain(published.filter(({ connection }) => connection !== link.connection));
  }

  /** Sends what still waits, for a moment at most: collectors would not look for it soon. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await inTime(systemClock, LONGEST_FLUSH_MS, this.#sent, () => {});
    this.#closing.abort(new BackingUnavailableError('signals', 'closed'));
    this.#waiting = [];
    this.#cancelConfirming?.();
    this.#link?.close();
  }

  #startSending(): void {
    if (!this.#sending) {
      this.#sending = true;
      this.#sent = this.#sendAll();
    }
  }

  #publishAgain(published: readonly Published[]): void {
    const room = MOST_WAITING - this.#waiting.length;
    if (this.#isClosing || published.length === 0 || room <= 0) {
      return;
    }
    const sinceMs = this.#nowMs();
    this.#waiting.unshift(...published.slice(-room).map((each) => ({ ...each, sinceMs })));
    this.#startSending();
  }

  #keepUnconfirmed(): void {
    this.#unconfirmed.splice(0, this.#unconfirmed.length - MOST_UNCONFIRMED);
    this.#confirmLater();
  }

  #confirmLater(): void {
    if (this.#cancelConfirming || this.#isClosing) {
      return;
    }
    this.#cancelConfirming = this.#options.clock.schedule(CONFIRM_AFTER_MS, () => {
      this.#cancelConfirming = null;
      this.confirm().catch(() => {
        // Retried later.
      });
    });
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

  /** @returns the messages that failed, in order */
  async #send(batch: readonly Waiting[]): Promise<Waiting[]> {
    const link = this.#open();
    // The connection counts only from when it is up.
    const connection = Math.max(link.connection, 1);
    const outcomes = await Promise.allSettled(
      batch.map(({ channel, message }) => link.publish(channel, message)),
    );
    const isSent = (_: Waiting, index: number) => outcomes[index]?.status === 'fulfilled';
    const again = batch.map((each) => ({ ...each, message: each.repeated }));
    const sent = again.filter(isSent).map((each) => ({ ...each, connection }));
    if (sent.length > 0) {
      this.#unconfirmed.push(...sent);
      this.#keepUnconfirmed();
    }
    return again.filter((each, index) => !isSent(each, index));
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
    return this.#options.clock.elapsedMs();
  }
}
