import { BackingUnavailableError } from '#backing/errors.ts';
import { isFromReplica } from '#backing/redis/server-connection.ts';
import { inTime } from '#bounds/deadline.ts';
import { type Clock, delay, systemClock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import { DroppedMessages, LOOK } from './dropped-messages.ts';
import type { PublisherLink } from './link.ts';

/** Messages that may wait for Redis; more are dropped. */
const MOST_WAITING = 10_000;

/**
 * Messages kept for republishing in case the server was a replica; of as many before them, only the
 * channel.
 */
const MOST_UNCONFIRMED = 10_000;

/** How long after a message the server is tested for accepting writes. */
const CONFIRM_AFTER_MS = 5_000;

/** Messages sent before waiting for the answers. */
const BATCH = 500;

/** Messages older than this are dropped: what is held is found without them. */
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
 * Publishes in order and in the background, with retries for a while, in bounded memory. Whoever
 * subscribes to the channel of a message that was dropped is told to look ({@link LOOK}), as soon
 * as Redis can be reached.
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
  /** Of unconfirmed messages that are not kept: the channel's oldest connection. */
  #unkept = new Map<string, number>();
  #cancelConfirming: (() => void) | null = null;
  readonly #dropped = new DroppedMessages();
  #link: PublisherLink | undefined;
  #sending = false;
  #sent: Promise<void> = Promise.resolve();
  #isClosing = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** @param repeated - published instead if another attempt is needed, or {@link BATCH} messages wait */
  publish(channel: string, message: string, repeated = message): void {
    if (this.#isClosing) {
      return;
    }
    if (this.#waiting.length >= MOST_WAITING) {
      this.#dropped.add([{ channel, message }]);
    } else {
      const first = this.#waiting.length < BATCH ? message : repeated;
      this.#waiting.push({ channel, message: first, repeated, sinceMs: this.#nowMs() });
    }
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
    const unkept = this.#unkept;
    this.#unconfirmed = [];
    this.#unkept = new Map();
    try {
      await link.write(this.#options.checkKey);
    } catch (error) {
      if (isFromReplica(error)) {
        this.#publishAgain(published, unkept);
      } else {
        this.#unconfirmed.unshift(...published);
        this.#keepUnconfirmed(unkept);
      }
      throw error;
    }
    const isElsewhere = (connection: number) => connection !== link.connection;
    this.#publishAgain(
      published.filter(({ connection }) => isElsewhere(connection)),
      new Map([...unkept].filter(([, connection]) => isElsewhere(connection))),
    );
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

  /** @param unkept - channels of which there were more messages */
  #publishAgain(published: readonly Published[], unkept: ReadonlyMap<string, number>): void {
    if (this.#isClosing) {
      return;
    }
    const first = Math.max(0, published.length - MOST_WAITING + this.#waiting.length);
    const sinceMs = this.#nowMs();
    this.#waiting.unshift(...published.slice(first).map((each) => ({ ...each, sinceMs })));
    this.#dropped.add(published.slice(0, first));
    this.#dropped.add(unkept.keys().map((channel) => ({ channel, message: LOOK })));
    this.#startSending();
  }

  /** @param unkept - channels that are to be remembered as well */
  #keepUnconfirmed(unkept: ReadonlyMap<string, number> = new Map()): void {
    const tooMany = this.#unconfirmed.length - MOST_UNCONFIRMED;
    const oldest = this.#unconfirmed.splice(0, tooMany);
    const more = oldest.map(({ channel, connection }) => [channel, connection] as const);
    for (const [channel, connection] of [...unkept, ...more]) {
      if (this.#unkept.size < MOST_UNCONFIRMED) {
        this.#unkept.set(channel, Math.min(connection, this.#unkept.get(channel) ?? connection));
      }
    }
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
    while (this.#hasMore && !this.#closing.signal.aborted) {
      const batch = this.#takeBatch();
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

  get #hasMore(): boolean {
    return this.#waiting.length > 0 || this.#dropped.areUntold;
  }

  #takeBatch(): Waiting[] {
    const batch = this.#waiting.splice(0, BATCH);
    const sinceMs = this.#nowMs();
    const untold = this.#dropped.takeChannels(BATCH - batch.length);
    return [
      ...batch,
      ...untold.map((channel) => ({ channel, message: LOOK, repeated: LOOK, sinceMs })),
    ];
  }

  /** @returns the messages that failed, in order */
  async #send(batch: readonly Waiting[]): Promise<Waiting[]> {
    const link = this.#open();
    // The connection counts only from when it is up.
    const connection = Math.max(link.connection, 1);
    const outcomes = await Promise.allSettled(
      batch.map(({ channel, message, repeated }) =>
        link.publish(channel, link.isUp ? message : repeated),
      ),
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
    const isKept = ({ sinceMs }: Waiting) => sinceMs > oldestMs;
    this.#dropped.add(this.#waiting.filter((each) => !isKept(each)));
    this.#waiting = this.#waiting.filter(isKept);
  }

  #reportDropped(): void {
    const dropped = this.#dropped.takeCount();
    if (dropped > 0) {
      this.#options.log.warn({ dropped }, 'Signals were dropped: Redis could not be reached');
    }
  }

  #nowMs(): number {
    return this.#options.clock.elapsedMs();
  }
}
