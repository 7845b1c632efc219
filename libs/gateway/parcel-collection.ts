import type { NodeId } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { Subscription } from '#signals/port.ts';
import { AcknowledgementWatch } from './acknowledgement-watch.ts';
import type { CollectionLimits } from './collection-limits.ts';
import { CollectionQueue } from './collection-queue.ts';
import { FetchAhead } from './fetch-ahead.ts';
import type { HeldParcel, Mailbox } from './mailbox.ts';
import type { OctetBudget } from './octet-budget.ts';

export interface CollectionParts {
  readonly mailbox: Mailbox;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
  /** Shared by all collections of the process. */
  readonly budget: OctetBudget;
}

export interface CollectionRequest {
  /** The private gateways that the peer proved to be. */
  readonly privateGateways: readonly NodeId[];
  /** Whether to wait for arrivals once the backlog was collected. */
  readonly keepAlive: boolean;
  readonly limits: CollectionLimits;
  /**
   * Hands a delivery to the peer; resolves once the network took it, which is
   * when the next one may follow. Must end by itself if the network stands still.
   */
  readonly send: (deliveryId: string, parcel: Uint8Array) => Promise<void>;
}

/** The peer took too long to acknowledge a delivery. */
export class AcknowledgementOverdueError extends Error {
  readonly code = 'ACKNOWLEDGEMENT_OVERDUE';

  constructor() {
    super('no delivery was acknowledged in time');
    this.name = 'AcknowledgementOverdueError';
  }
}

/**
 * Streams the parcels held for some private gateways to one connected peer: the
 * backlog, then arrivals.
 *
 * Subscribes, waits until the subscriptions stand, and only then lists, so that
 * a parcel stored at any moment is found by the one or the other. A signal is
 * only a hint: the listing is repeated after an interruption, when signals
 * overflowed, and every {@link CollectionLimits.relistMs}. Expired parcels are
 * skipped. A parcel is sent once per collection unless it is replaced; an
 * acknowledgement deletes exactly the generation that was sent.
 *
 * @see RS-016, "Parcel collection"
 */
export class ParcelCollection {
  readonly #parts: CollectionParts;
  readonly #request: CollectionRequest;
  readonly #queue: CollectionQueue;
  readonly #ended = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  readonly #subscriptions: Subscription[] = [];

  readonly #ahead: FetchAhead;
  readonly #unacknowledged = new Map<string, HeldParcel>();
  readonly #deletions = new Set<Promise<void>>();
  readonly #watch: AcknowledgementWatch;
  #isSubscribed = false;
  #sending = false;
  #isWindingUp = false;
  #onQuiet = () => {};
  #nextDeliveryId = 1;
  #cancelRelist = () => {};

  constructor(parts: CollectionParts, request: CollectionRequest) {
    this.#parts = parts;
    this.#request = request;
    const callbacks = {
      onChange: () => this.#pump(),
      onFailure: (error: unknown) => this.#end(error),
      signal: this.#stop.signal,
    };
    this.#queue = new CollectionQueue({ list: (signal) => this.#listAll(signal), ...callbacks });
    this.#ahead = new FetchAhead({
      queue: this.#queue,
      mailbox: parts.mailbox,
      clock: parts.clock,
      budget: parts.budget,
      limits: request.limits,
      maySend: () => this.#maySend(),
      ...callbacks,
    });
    this.#watch = new AcknowledgementWatch(parts.clock, request.limits, {
      onStall: () => this.#ahead.stall(),
      onOverdue: () => this.#end(new AcknowledgementOverdueError()),
    });
  }

  /**
   * Collects until all is sent and acknowledged (unless `keepAlive`) or `signal`
   * is aborted. To be called once.
   *
   * @throws {BackingUnavailableError} if a backing service failed; every parcel
   *   that was not acknowledged stays held
   * @throws {AcknowledgementOverdueError}
   * @throws what {@link CollectionRequest.send} threw, or the signal's reason
   */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = () => this.#end(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      if (signal.aborted) {
        throw signal.reason;
      }
      await Promise.race([this.#subscribe(), this.#ended.promise]);
      this.#isSubscribed = true;
      this.#relist();
      await this.#ended.promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#dispose();
      await this.settled();
    }
  }

  /**
   * Resolves when everything acknowledged so far is deleted, or could not be.
   * Acknowledgements may still come after {@link run} has ended.
   */
  async settled(): Promise<void> {
    while (this.#deletions.size > 0) {
      await Promise.all(this.#deletions);
    }
  }

  /**
   * Takes the peer's acknowledgement: the parcel will be deleted.
   *
   * @returns false if no such delivery awaits an acknowledgement
   */
  acknowledge(deliveryId: string): boolean {
    const parcel = this.#unacknowledged.get(deliveryId);
    if (!parcel) {
      return false;
    }
    this.#unacknowledged.delete(deliveryId);
    this.#ahead.resume();
    this.#restartWatch();
    const deletion = this.#remove(parcel).finally(() => {
      this.#deletions.delete(deletion);
      this.#queue.finish(parcel);
      this.#pump();
    });
    this.#deletions.add(deletion);
    this.#pump();
    return true;
  }

  /**
   * Begins no more deliveries; resolves once all those that were begun are acknowledged. To be
   * waited for no longer than one likes, as the peer may not.
   */
  async windUp(): Promise<void> {
    this.#isWindingUp = true;
    if (!this.#isQuiet) {
      await new Promise<void>((resolve) => {
        this.#onQuiet = resolve;
      });
    }
  }

  get #isQuiet(): boolean {
    return this.#unacknowledged.size === 0 && !this.#sending;
  }

  async #subscribe(): Promise<void> {
    for (const privateGateway of this.#request.privateGateways) {
      const subscription = this.#parts.mailbox.subscribe(privateGateway, {
        onArrival: (parcel) => this.#queue.arrived(parcel),
        onInterrupted: () => this.#queue.relist(),
      });
      this.#subscriptions.push(subscription);
    }
    await Promise.all(this.#subscriptions.map((subscription) => subscription.ready));
  }

  #relist(): void {
    if (this.#stop.signal.aborted) {
      return;
    }
    this.#queue.relist();
    if (this.#request.keepAlive) {
      this.#cancelRelist = this.#parts.clock.schedule(this.#request.limits.relistMs, () =>
        this.#relist(),
      );
    }
  }

  async *#listAll(signal: AbortSignal): AsyncIterable<HeldParcel> {
    for (const privateGateway of this.#request.privateGateways) {
      yield* this.#parts.mailbox.list(privateGateway, { signal });
    }
  }

  /** Starts whatever can start now; called after every change of state. */
  #pump(): void {
    if (this.#stop.signal.aborted) {
      return;
    }
    this.#ahead.fill();
    void this.#sendNext();
    if (!this.#request.keepAlive && this.#isComplete()) {
      this.#end();
    }
  }

  #maySend(): boolean {
    const { window, deletions } = this.#request.limits;
    return (
      !this.#isWindingUp &&
      !this.#sending &&
      this.#unacknowledged.size < window &&
      this.#deletions.size < deletions
    );
  }

  #isComplete(): boolean {
    return (
      this.#isSubscribed &&
      this.#queue.isIdle &&
      this.#ahead.isEmpty &&
      this.#unacknowledged.size === 0 &&
      this.#deletions.size === 0 &&
      !this.#sending
    );
  }

  async #sendNext(): Promise<void> {
    const next = this.#maySend() && this.#ahead.take();
    if (!next) {
      return;
    }
    const deliveryId = (this.#nextDeliveryId++).toString(36);
    this.#unacknowledged.set(deliveryId, next.parcel);
    this.#sending = true;
    this.#restartWatch();
    try {
      await this.#request.send(deliveryId, next.body);
    } catch (error) {
      this.#end(error);
    } finally {
      this.#sending = false;
      next.release();
      this.#restartWatch();
    }
    this.#pump();
  }

  async #remove(parcel: HeldParcel): Promise<void> {
    try {
      await this.#parts.mailbox.remove(parcel);
      this.#parts.metrics.parcelCollected('websocket', this.#secondsHeld(parcel));
    } catch (error) {
      this.#end(error);
    }
  }

  #secondsHeld({ storedAt }: HeldParcel): number {
    return Math.max(0, this.#parts.clock.now().getTime() - storedAt.getTime()) / 1_000;
  }

  #restartWatch(): void {
    if (this.#isQuiet) {
      this.#onQuiet();
    }
    if (this.#stop.signal.aborted || (this.#unacknowledged.size === 0 && !this.#sending)) {
      this.#watch.stop();
    } else {
      this.#watch.restart({ isSending: this.#sending });
    }
  }

  #end(error?: unknown): void {
    if (this.#stop.signal.aborted) {
      return;
    }
    if (error === undefined) {
      this.#ended.resolve();
    } else {
      this.#ended.reject(error);
    }
    this.#stop.abort(new Error('the collection ended'));
  }

  #dispose(): void {
    this.#stop.abort(new Error('the collection ended'));
    this.#cancelRelist();
    this.#watch.stop();
    for (const subscription of this.#subscriptions) {
      subscription.close();
    }
    this.#ahead.close();
  }
}
