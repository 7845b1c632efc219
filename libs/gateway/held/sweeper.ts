import { type Clock, delay } from '#clock/clock.ts';
import type { ClockPlausibility } from '#clock/clock-plausibility.ts';
import type { Log } from '#log/log.ts';
import { logStep } from '#log/steps.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { ObjectEntry, ObjectStore } from '#object-store/port.ts';
import type { RecordStore } from '#record-store/port.ts';
import type { WorkQueue } from '#work-queue/port.ts';
import { CARGO_PREFIX, INTERNET_BOUND_PREFIX } from './object-keys.ts';
import { CARGO_TOPIC, INTERNET_DELIVERY_TOPIC } from './topics.ts';

interface SweeperParts {
  readonly objects: ObjectStore;
  readonly records: RecordStore;
  readonly queue: WorkQueue;
  readonly clock: Clock;
  /** Never in doubt unless given. */
  readonly plausibility?: Pick<ClockPlausibility, 'doubt'>;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
}

/** How fast to sweep. */
export interface SweeperLimits {
  /** Objects examined before a pause. */
  readonly batchSize: number;
  readonly pauseMs: number;
  /** Concurrent calls to the backing services. */
  readonly concurrency: number;
}

const SWEPT = [
  { prefix: INTERNET_BOUND_PREFIX, topic: INTERNET_DELIVERY_TOPIC },
  { prefix: CARGO_PREFIX, topic: CARGO_TOPIC },
] as const;

type Swept = (typeof SWEPT)[number];

/**
 * Repairs what deaths and outages left behind: queues stored objects that have no job, and removes
 * what has expired.
 *
 * Queuing twice changes nothing, so any number of processes may sweep at once. Even if the whole
 * queue is lost, one sweep rebuilds it from the object store.
 */
export class Sweeper {
  readonly #parts: SweeperParts;
  readonly #limits: SweeperLimits;

  constructor(parts: SweeperParts, limits: SweeperLimits) {
    this.#parts = parts;
    this.#limits = limits;
  }

  /**
   * Sweeps once, at a bounded rate.
   *
   * @throws {BackingUnavailableError} when a backing service fails; sweep again later
   * @throws the signal's reason, if it is aborted
   */
  async sweep(signal: AbortSignal): Promise<void> {
    for (const swept of SWEPT) {
      await this.#sweepPrefix(swept, signal);
    }
    const { objects, records, clock, metrics, log } = this.#parts;
    if (this.#isInDoubt) {
      return;
    }
    const objectsRemoved = await objects.sweep(clock.now(), (key) => logStep(log, 'expired', key));
    signal.throwIfAborted();
    const recordsRemoved = await records.sweep();
    if (objectsRemoved > 0) {
      metrics.expired('parcel', objectsRemoved);
    }
    if (recordsRemoved > 0) {
      metrics.expired('record', recordsRemoved);
    }
    log.debug({ objectsRemoved, recordsRemoved }, 'Swept');
  }

  /** Nothing expires by a clock that may be wrong. */
  get #isInDoubt(): boolean {
    return (this.#parts.plausibility?.doubt ?? null) !== null;
  }

  async #sweepPrefix(swept: Swept, signal: AbortSignal): Promise<void> {
    const { objects, clock } = this.#parts;
    let batch: ObjectEntry[] = [];
    for await (const entry of objects.list(swept.prefix, { signal })) {
      batch.push(entry);
      if (batch.length === this.#limits.batchSize) {
        await this.#setRight(batch, swept, signal);
        batch = [];
        await delay(clock, this.#limits.pauseMs, signal);
      }
    }
    await this.#setRight(batch, swept, signal);
  }

  /** Works on several at once. */
  async #setRight(
    entries: readonly ObjectEntry[],
    swept: Swept,
    signal: AbortSignal,
  ): Promise<void> {
    const remaining = entries.values();
    const hand = async () => {
      for (const entry of remaining) {
        signal.throwIfAborted();
        await this.#setRightOne(entry, swept);
      }
    };
    await Promise.all(Array.from({ length: this.#limits.concurrency }, hand));
  }

  async #setRightOne(entry: ObjectEntry, { topic }: Swept): Promise<void> {
    const { queue, objects, clock, metrics, log } = this.#parts;
    const { key, generation, expiresAt } = entry;
    if (clock.now() < expiresAt) {
      await queue.enqueue(topic, key, { expiresAt });
      return;
    }
    if (!this.#isInDoubt && (await objects.delete(key, { generation }))) {
      logStep(log, 'expired', key);
      if (topic === CARGO_TOPIC) {
        metrics.expired('cargo', 1);
      } else {
        metrics.parcelDelivered('expired');
      }
    }
  }
}
