import type { NodeId } from '#awala/node-id.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { type Backoff, pauseAfter } from '#bounds/backoff.ts';
import { type Clock, delay } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import type { CollectionCall, GatewayMetrics } from '#metrics/port.ts';

const BACKOFF: Backoff = { firstMs: 500, maxMs: 30_000 };

/** Deadline of a call for a collection, in milliseconds: only its own collector waits. */
export const COLLECTION_CALL_MS = 10_000;
/** The same once it failed, so that slow calls can succeed as well. */
export const REPEATED_CALL_MS = 30_000;

interface PatienceParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Whose collection it is, if it is for one node. */
  readonly peer: NodeId | null;
  readonly metrics: GatewayMetrics;
  /** From 0 to under 1. */
  readonly random: () => number;
  /** How long failures may last without one success. */
  readonly giveUpAfterMs: number;
  /**
   * Asks a backing service that has only failed for that long whether it answers at all.
   *
   * @throws if it does not, or if the collection should end anyway
   */
  readonly confirm: (error: unknown) => Promise<void>;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
}

/**
 * How long a collection puts up with failing backing services: only its collector waits, and as
 * long as its connection lives. A failed call is retried after pauses that grow from half a second
 * to half a minute; the collection is given up only when nothing has succeeded for some minutes.
 */
export class CollectionPatience {
  readonly #parts: PatienceParts;
  #failingSinceMs: number | null = null;
  #confirming: Promise<void> | null = null;

  constructor(parts: PatienceParts) {
    this.#parts = parts;
  }

  /** Notes that a backing service answered. */
  succeeded(): void {
    this.#failingSinceMs = null;
  }

  /**
   * Resolves when the call may be retried.
   *
   * @param attempt - how often it was made, from 1
   * @throws the error, if no retry can help or the backing service has failed for too long
   * @throws the signal's reason
   */
  async afterFailure(call: CollectionCall, error: unknown, attempt: number): Promise<void> {
    const { clock, signal, metrics, log, peer, giveUpAfterMs } = this.#parts;
    signal.throwIfAborted();
    if (!(error instanceof BackingUnavailableError)) {
      throw error;
    }
    metrics.collectionCallFailed(call);
    const nowMs = clock.elapsedMs();
    if (this.#failingSinceMs === null) {
      this.#failingSinceMs = nowMs;
      log.info({ peer, call, error }, 'A call for a collection failed; retrying');
    }
    if (nowMs - this.#failingSinceMs >= giveUpAfterMs) {
      await this.#confirm(error);
    }
    await delay(clock, pauseAfter(attempt, BACKOFF, this.#parts.random), signal);
  }

  /**
   * Makes a call until it succeeds.
   *
   * @param make - gets the deadline of the attempt
   * @throws as {@link afterFailure}
   */
  async repeat<Result>(
    call: CollectionCall,
    make: (deadlineMs: number) => Promise<Result>,
  ): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        const result = await make(callDeadlineMs(attempt));
        this.succeeded();
        return result;
      } catch (error) {
        await this.afterFailure(call, error, attempt);
      }
    }
  }

  /** One call asks on behalf of all that failed. */
  async #confirm(error: unknown): Promise<void> {
    this.#confirming ??= this.#parts.confirm(error).finally(() => {
      this.#confirming = null;
    });
    await this.#confirming;
    this.succeeded();
  }
}

/**
 * The deadline of an attempt.
 *
 * @param attempt - from 1
 */
export function callDeadlineMs(attempt: number): number {
  return attempt === 1 ? COLLECTION_CALL_MS : REPEATED_CALL_MS;
}
