import type { Clock } from '#clock/clock.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { Mailbox, StoredParcel } from '../held/mailbox.ts';
import type { CollectionPatience } from './collection-patience.ts';

interface DeletionParts {
  readonly mailbox: Mailbox;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
  readonly patience: CollectionPatience;
  readonly onFailure: (error: unknown) => void;
  /**
   * Once it is aborted, failed deletions are not retried: the parcel comes with the next
   * collection.
   */
  readonly signal: AbortSignal;
}

/** Deletes what the peer of a collection acknowledged. */
export class CollectionDeletions {
  readonly #parts: DeletionParts;
  #underWay = 0;
  /** Tells that none is under way; null while nobody waits for it. */
  #settled: PromiseWithResolvers<void> | null = null;

  constructor(parts: DeletionParts) {
    this.#parts = parts;
  }

  /** Deletions in progress, including retries. */
  get count(): number {
    return this.#underWay;
  }

  /** @param onDone - called when the parcel is deleted, or cannot be */
  start(parcel: StoredParcel, onDone: () => void): void {
    this.#underWay += 1;
    void this.#delete(parcel).finally(() => {
      this.#underWay -= 1;
      onDone();
      if (this.#underWay === 0) {
        this.#settled?.resolve();
        this.#settled = null;
      }
    });
  }

  /** Resolves when none is in progress. */
  async settled(): Promise<void> {
    while (this.#underWay > 0) {
      this.#settled ??= Promise.withResolvers();
      await this.#settled.promise;
    }
  }

  async #delete(parcel: StoredParcel): Promise<void> {
    const { mailbox, metrics, patience, signal, onFailure } = this.#parts;
    try {
      await (signal.aborted
        ? mailbox.remove(parcel)
        : patience.repeat('delete', (deadlineMs) => mailbox.remove(parcel, { deadlineMs })));
      metrics.parcelCollected('websocket', this.#secondsHeld(parcel));
    } catch (error) {
      onFailure(error);
    }
  }

  #secondsHeld({ storedAt }: StoredParcel): number {
    return Math.max(0, this.#parts.clock.now().getTime() - storedAt.getTime()) / 1_000;
  }
}
