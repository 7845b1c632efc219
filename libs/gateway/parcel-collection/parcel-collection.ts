import { Refusal } from '#awala/errors.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { Budget } from '#bounds/budget.ts';
import type { Who } from '#bounds/fair-shares.ts';
import type { Log } from '#log/log.ts';
import { logStep } from '#log/steps.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { ExpiryParts } from '../held/expiry.ts';
import type { Mailbox, StoredParcel } from '../held/mailbox.ts';
import { CollectionDeletions } from './collection-deletions.ts';
import { COLLECTION_CALL_MS, CollectionPatience } from './collection-patience.ts';
import { CollectionQueue, heldParcels } from './collection-queue.ts';
import { CollectionSubscriptions } from './collection-subscriptions.ts';
import { Deliveries } from './deliveries.ts';
import { FetchAhead } from './fetch-ahead.ts';
import type { ParcelCollectionLimits } from './parcel-collection-limits.ts';

/** What {@link ParcelCollection} needs. */
export interface CollectionParts extends ExpiryParts {
  readonly mailbox: Mailbox;
  /** Carries no node's id. */
  readonly log: Log;
  readonly metrics: GatewayMetrics;
  /** From 0 to under 1; `Math.random` by default. */
  readonly random?: () => number;
  /** Shared by all collections of the process. */
  readonly budget: Budget;
}

interface CollectionRequest {
  /** The private gateways that the peer proved to be. */
  readonly privateGateways: readonly NodeId[];
  /** Whether to wait for arrivals after the backlog. */
  readonly keepAlive: boolean;
  readonly limits: ParcelCollectionLimits;
  /** In whose turn it waits for memory, as {@link Budget.acquire} says; nobody's by default. */
  readonly turn?: Who;
  /**
   * Sends a delivery to the peer; resolves once the network took it, and the next may follow. Must
   * end by itself if the network stalls.
   */
  readonly send: (deliveryId: string, parcel: Uint8Array) => Promise<void>;
}

type State =
  | { readonly name: 'subscribing' }
  | { readonly name: 'collecting' }
  | { readonly name: 'winding-up'; readonly isListed: boolean }
  | { readonly name: 'ended' };

/**
 * Streams the parcels held for some private gateways to one connected peer: the
 * backlog, then arrivals.
 *
 * Subscribes, waits until the subscriptions stand, and only then reads what is held, so that
 * a parcel stored at any moment is found by the one or the other. A signal is
 * only a hint: what is held is read again after an interruption, when signals
 * overflowed, and every {@link ParcelCollectionLimits.relistMs}. Expired parcels are
 * skipped. A parcel is sent once per collection unless it is replaced; an
 * acknowledgement deletes exactly the generation that was sent.
 *
 * What a backing service fails at is tried again, with patience, while others go
 * on ({@link CollectionPatience}).
 *
 * | state | meaning | leaves it for |
 * |---|---|---|
 * | `subscribing` | arrivals are sent; the backlog was not asked for | `collecting`, when each subscription stands or failed once |
 * | `collecting` | the backlog and arrivals are sent | `ended`, when all is acknowledged, unless `keepAlive` |
 * | `winding-up` | no delivery begins any more; those sent may be acknowledged | `ended`, as from `collecting` |
 * | `ended` | only acknowledgements are still taken | |
 *
 * Each of the first two becomes `winding-up` with {@link windUp}, and any becomes `ended` when its
 * signal is aborted, sending fails, the peer is overdue or the backing services fail for too long.
 *
 * @see RS-016, "Parcel collection"
 */
export class ParcelCollection {
  readonly #parts: CollectionParts;
  readonly #request: CollectionRequest;
  readonly #queue: CollectionQueue;
  readonly #ended = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  readonly #subscriptions: CollectionSubscriptions;

  readonly #ahead: FetchAhead;
  readonly #deliveries: Deliveries;
  readonly #deletions: CollectionDeletions;
  #state: State = { name: 'subscribing' };
  #cancelRelist = () => {};

  constructor(parts: CollectionParts, request: CollectionRequest) {
    this.#parts = parts;
    this.#request = request;
    const { privateGateways, limits, turn = [] } = request;
    const callbacks = {
      onChange: () => this.#pump(),
      onFailure: (error: unknown) => this.#end(error),
      signal: this.#stop.signal,
    };
    const { clock, log, metrics } = parts;
    const patience = new CollectionPatience({
      clock,
      log,
      metrics,
      peer: privateGateways[0] ?? null,
      random: parts.random ?? Math.random,
      giveUpAfterMs: limits.giveUpAfterMs,
      confirm: (error) => this.#confirmAnswering(error),
      signal: this.#stop.signal,
    });
    this.#queue = new CollectionQueue({
      list: () => heldParcels({ ...shared, privateGateways }),
      ...callbacks,
    });
    const queue = this.#queue;
    // One object for all: thousands of idle collections keep theirs.
    const shared = {
      ...parts,
      ...callbacks,
      privateGateways,
      limits,
      turn,
      patience,
      queue,
      maySend: () => this.#maySend(),
      listener: {
        onArrival: (parcel: StoredParcel, body: Uint8Array | null) => {
          if (!body || !this.#ahead.offer(parcel, body)) {
            queue.arrived(parcel);
          }
        },
        onInterrupted: () => queue.relist(),
      },
      onStall: () => this.#ahead.stall(),
      onOverdue: () =>
        this.#end(new Refusal('acknowledgement-overdue', 'No acknowledgement came in time')),
    };
    this.#ahead = new FetchAhead(shared);
    this.#subscriptions = new CollectionSubscriptions(shared);
    this.#deletions = new CollectionDeletions(shared);
    this.#deliveries = new Deliveries(shared);
  }

  /**
   * Collects until all is sent and acknowledged (unless `keepAlive`), or `signal` is aborted. Call
   * it once.
   *
   * @throws {BackingUnavailableError} if backing services did nothing but fail for
   *   {@link ParcelCollectionLimits.giveUpAfterMs}; every parcel that was not acknowledged stays held
   * @throws {Refusal} `acknowledgement-overdue`
   * @throws what {@link CollectionRequest.send} threw, or the signal's reason
   */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = () => this.#end(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      if (signal.aborted) {
        throw signal.reason;
      }
      void this.#subscriptions.open().then(() => this.#begin());
      await this.#ended.promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#dispose();
      await this.settled();
    }
  }

  /** As {@link Deliveries.counts}. */
  get counts(): { readonly sent: number; readonly acknowledged: number } {
    return this.#deliveries.counts;
  }

  /**
   * Resolves when everything acknowledged so far is deleted, or could not be. Acknowledgements may
   * still come after {@link run} has ended.
   */
  settled(): Promise<void> {
    return this.#deletions.settled();
  }

  /**
   * Takes the peer's acknowledgement: the parcel will be deleted.
   *
   * @returns false if no such delivery awaits an acknowledgement
   */
  acknowledge(deliveryId: string): boolean {
    const parcel = this.#deliveries.acknowledge(deliveryId);
    if (!parcel) {
      return false;
    }
    const fields = { road: 'websocket', delivery: deliveryId };
    logStep(this.#parts.log, 'acknowledged', parcel.key, fields);
    this.#ahead.resume();
    this.#deletions.start(parcel, () => {
      this.#queue.finish(parcel);
      this.#pump();
    });
    this.#pump();
    return true;
  }

  /**
   * Starts no more deliveries; resolves once those sent are acknowledged. Call it once; callers
   * limit the wait.
   */
  async windUp(): Promise<void> {
    const { name } = this.#state;
    if (name === 'subscribing' || name === 'collecting') {
      this.#state = { name: 'winding-up', isListed: name === 'collecting' };
    }
    await this.#deliveries.quiet();
  }

  #begin(): void {
    if (this.#state.name === 'subscribing') {
      this.#state = { name: 'collecting' };
    } else if (this.#state.name === 'winding-up') {
      this.#state = { name: 'winding-up', isListed: true };
    }
    this.#relist();
  }

  #relist(): void {
    if (this.#state.name === 'ended') {
      return;
    }
    this.#queue.relist();
    if (this.#request.keepAlive) {
      this.#cancelRelist = this.#parts.clock.schedule(this.#request.limits.relistMs, () =>
        this.#relist(),
      );
    }
  }

  /**
   * A parcel that can never be read must not end a collection that waits for arrivals, but it keeps
   * one that is to complete from completing.
   */
  async #confirmAnswering(error: unknown): Promise<void> {
    const [privateGateway] = this.#request.privateGateways;
    if (!this.#request.keepAlive || !privateGateway) {
      throw error;
    }
    const options = { signal: this.#stop.signal, deadlineMs: COLLECTION_CALL_MS };
    for await (const _ of this.#parts.mailbox.listStored(privateGateway, options)) {
      return;
    }
  }

  /** Starts whatever can start now; called after every change of state. */
  #pump(): void {
    if (this.#state.name === 'ended') {
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
      this.#state.name !== 'winding-up' &&
      this.#deliveries.state !== 'sending' &&
      this.#deliveries.count < window &&
      this.#deletions.count < deletions
    );
  }

  #isComplete(): boolean {
    const state = this.#state;
    const isListed = state.name === 'winding-up' ? state.isListed : state.name === 'collecting';
    return (
      isListed &&
      this.#queue.isIdle &&
      this.#ahead.isIdle &&
      this.#deliveries.state === 'quiet' &&
      this.#deletions.count === 0
    );
  }

  async #sendNext(): Promise<void> {
    const next = this.#maySend() && this.#ahead.take();
    if (!next) {
      return;
    }
    const { parcel, body, release } = next;
    try {
      await this.#deliveries.send(parcel, async (deliveryId) => {
        await this.#request.send(deliveryId, body);
        const fields = { road: 'websocket', delivery: deliveryId, octets: body.byteLength };
        logStep(this.#parts.log, 'sent', parcel.key, fields);
      });
    } catch (error) {
      this.#end(error);
    } finally {
      release();
    }
    this.#pump();
  }

  #end(error?: unknown): void {
    if (this.#state.name === 'ended') {
      return;
    }
    if (error === undefined) {
      this.#ended.resolve();
    } else {
      this.#ended.reject(error);
    }
    this.#stopAll();
  }

  #stopAll(): void {
    this.#state = { name: 'ended' };
    this.#stop.abort(new Error('the collection ended'));
  }

  #dispose(): void {
    this.#stopAll();
    this.#cancelRelist();
    this.#deliveries.stopWatching();
    this.#subscriptions.close();
    this.#ahead.close();
  }
}
