import { randomUUID } from 'node:crypto';
import { freeOctets } from '#awala/free-octets.ts';
import { type Clock, inTime } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { OctetBudget } from '../octet-budget.ts';
import type { CargoAuthorization } from './cargo-authorizer.ts';
import { CargoBatches } from './cargo-batches.ts';
import { CargoPacking, type CargoPackingParts } from './cargo-packing.ts';
import { CargoSizes } from './cargo-sizes.ts';
import { Checkpoints } from './checkpoints.ts';
import { type CollectionContentsParts, collectionContents } from './collection-contents.ts';
import { CargoUnacknowledgedError, CollectionCutError } from './collection-errors.ts';
import type { CargoCollectionLimits } from './collection-limits.ts';
import type { Stretch } from './collection-progress.ts';
import type { Fulfilment } from './fulfilment.ts';
import { SentCargoes } from './sent-cargoes.ts';

export interface CargoCollectionParts extends CollectionContentsParts, CargoPackingParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: GatewayMetrics;
  /** Shared by all collections of the process. */
  readonly budget: OctetBudget;
}

export interface CargoCollectionRequest {
  readonly authorization: CargoAuthorization;
  /** Leased to this collection, which lets go of it in the end. */
  readonly fulfilment: Fulfilment;
  /** When the courier will hang up; null if it did not say. */
  readonly deadline: Date | null;
  readonly limits: CargoCollectionLimits;
  /**
   * Hands a cargo to the courier; resolves once the network took it, which is
   * when the next one may follow. Must end by itself if the network stands still.
   */
  readonly send: (deliveryId: string, cargo: Uint8Array) => Promise<void>;
}

/** A cargo to send; what went into it is not kept. */
interface PackedCargo {
  readonly serialised: Uint8Array;
  readonly stretch: Stretch;
  /** Of plaintext. */
  readonly octets: number;
  readonly release: () => void;
}

/**
 * Sends everything held for one private gateway to a courier, packed into
 * cargoes, and keeps account of what it acknowledged. Deletes nothing: that is
 * for the private gateway's own acknowledgements.
 *
 * The next cargo is packed while one is sent. Near the deadline nothing more is
 * sent; what is left is for the next call with the same CCA.
 *
 * @see RS-008 "CollectCargo"
 */
export class CargoCollection {
  readonly #parts: CargoCollectionParts;
  readonly #request: CargoCollectionRequest;
  readonly #stop = new AbortController();
  readonly #ended = Promise.withResolvers<never>();
  readonly #batches: CargoBatches;
  readonly #packing: CargoPacking;
  readonly #sizes: CargoSizes;
  readonly #maxCargoOctets: number;
  readonly #checkpoints: Checkpoints;
  readonly #sent: SentCargoes;
  #isCut = false;
  #hasSent = false;

  constructor(parts: CargoCollectionParts, request: CargoCollectionRequest) {
    this.#parts = parts;
    this.#request = request;
    const { authorization, fulfilment, limits } = request;
    const { signal } = this.#stop;
    const contents = collectionContents(parts, authorization, fulfilment.progress, signal);
    this.#batches = new CargoBatches(parts, contents, limits, signal);
    this.#packing = new CargoPacking(parts, authorization, fulfilment);
    const fitting = this.#packing.maxPlaintextOctets(limits.maxSerialisedOctets);
    this.#maxCargoOctets = Math.min(limits.maxCargoOctets, fitting);
    const maxCargoOctets = this.#maxCargoOctets;
    this.#sizes = new CargoSizes({ ...limits, maxCargoOctets }, fulfilment.cargoOctets);
    this.#checkpoints = new Checkpoints(fulfilment, {
      clock: parts.clock,
      pauseMs: limits.checkpointMs,
      onFailure: (error) => this.#end(error),
    });
    this.#sent = new SentCargoes({
      clock: parts.clock,
      timeoutMs: limits.acknowledgementTimeoutMs,
      onTimeout: () => this.#end(new CargoUnacknowledgedError()),
    });
    this.#ended.promise.catch(() => {});
  }

  /**
   * Collects until all is sent and acknowledged, which uses the CCA up. However
   * it ends, what was acknowledged is stored first, as far as that is possible.
   * To be called once.
   *
   * @throws {CollectionCutError} once all that was sent is acknowledged, if there was no time for more
   * @throws {CargoUnacknowledgedError}
   * @throws {CcaInUseError} if the lease was lost
   * @throws {BackingUnavailableError}
   * @throws what {@link CargoCollectionRequest.send} threw, or the signal's reason
   */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = () => this.#end(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      signal.throwIfAborted();
      this.#checkpoints.start();
      await Promise.race([this.#collect(), this.#ended.promise]);
      await this.#checkpoints.stop();
      await this.#request.fulfilment.complete();
    } catch (error) {
      await this.#letGo();
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#end(new Error('the collection ended'));
    }
  }

  /**
   * Takes the courier's acknowledgement.
   *
   * @returns false if no such cargo awaits an acknowledgement
   */
  acknowledge(deliveryId: string): boolean {
    const sent = this.#sent.acknowledge(deliveryId);
    if (!sent) {
      return false;
    }
    this.#sizes.acknowledged(sent.octets, sent.sentAtMs, this.#nowMs());
    const { fulfilment } = this.#request;
    fulfilment.progress.add(sent.stretch);
    fulfilment.cargoOctets = this.#sizes.nextHint;
    this.#checkpoints.isDue = true;
    this.#parts.metrics.cargoCollected();
    this.#sent.notify();
    return true;
  }

  /** Whether everything that was sent is acknowledged, so that nothing is lost by ending. */
  get isSettled(): boolean {
    return this.#sent.isSettled;
  }

  /** Sends no more, as if the deadline were near. */
  cut(): void {
    this.#isCut = true;
    this.#sent.notify();
  }

  async #collect(): Promise<void> {
    let next = this.#pack();
    try {
      for (let cargo = await this.#inTime(next); cargo; cargo = await this.#inTime(next)) {
        await this.#windowOpens();
        if (!this.#mayStillSend(cargo.octets)) {
          await this.#endCut();
        }
        next = this.#sendAndPack(cargo);
        next.catch(() => {});
      }
      await this.#allAcknowledged();
    } catch (error) {
      this.#end(error);
      // Its memory is given back when it is done.
      next.then((cargo) => cargo?.release()).catch(() => {});
      throw error;
    }
  }

  /**
   * Once something was sent, the call ends before its deadline though the next
   * cargo is stuck in the making.
   *
   * @throws {CollectionCutError} once all that was sent is acknowledged
   */
  async #inTime(next: Promise<PackedCargo | null>): Promise<PackedCargo | null> {
    const timeLeftMs = this.#timeLeftMs();
    if (!this.#hasSent || timeLeftMs === Number.POSITIVE_INFINITY) {
      return next;
    }
    return inTime(this.#parts.clock, Math.max(0, timeLeftMs), next, () => this.#endCut());
  }

  async #endCut(): Promise<never> {
    await this.#allAcknowledged();
    throw new CollectionCutError();
  }

  /** Packs the next cargo while this one is sent, unless there is too much in this one. */
  async #sendAndPack(cargo: PackedCargo): Promise<PackedCargo | null> {
    const isLarge = cargo.octets > this.#maxCargoOctets;
    const sent = this.#send(cargo);
    const next = isLarge ? sent.then(() => this.#pack()) : this.#pack();
    const [sending, packing] = await Promise.allSettled([sent, next]);
    if (sending.status === 'rejected') {
      if (packing.status === 'fulfilled') {
        packing.value?.release();
      }
      throw sending.reason;
    }
    return next;
  }

  async #pack(): Promise<PackedCargo | null> {
    const gathered = await this.#batches.next(this.#sizes.target(this.#timeLeftMs()));
    if (!gathered) {
      return null;
    }
    const { stretch, octets, release, messages } = gathered;
    try {
      const serialised = await this.#packing.pack(gathered);
      messages.forEach(freeOctets);
      return { serialised, stretch, octets, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  async #send({ serialised, stretch, octets, release }: PackedCargo): Promise<void> {
    const deliveryId = randomUUID();
    this.#hasSent = true;
    const { send } = this.#request;
    try {
      await this.#sent.send(deliveryId, { stretch, octets }, () => send(deliveryId, serialised));
    } finally {
      release();
    }
  }

  /** What is sent before it must be acknowledged before it. */
  #mayStillSend(octets: number): boolean {
    const timeLeftMs = this.#timeLeftMs();
    const neededMs = this.#sizes.estimateMs(this.#sent.octets + octets);
    return !this.#isCut && timeLeftMs > 0 && neededMs <= timeLeftMs;
  }

  #timeLeftMs(): number {
    const { deadline, limits } = this.#request;
    return deadline
      ? deadline.getTime() - this.#nowMs() - limits.deadlineMarginMs
      : Number.POSITIVE_INFINITY;
  }

  async #windowOpens(): Promise<void> {
    while (this.#sent.count >= this.#window) {
      await this.#sent.changed(this.#stop.signal);
    }
  }

  /** Before a near deadline, one cargo tells how many of the next can be acknowledged in time. */
  get #window(): number {
    const { window, acknowledgementTimeoutMs } = this.#request.limits;
    const isDeadlineNear = this.#timeLeftMs() < acknowledgementTimeoutMs;
    return isDeadlineNear && !this.#sizes.isSpeedKnown ? 1 : window;
  }

  async #allAcknowledged(): Promise<void> {
    while (this.#sent.count > 0) {
      await this.#sent.changed(this.#stop.signal);
    }
  }

  #end(reason: unknown): void {
    this.#sent.close();
    this.#ended.reject(reason);
    this.#stop.abort(reason);
  }

  /** Whatever ended the collection is what its caller must hear, not what goes wrong now. */
  async #letGo(): Promise<void> {
    const { fulfilment } = this.#request;
    fulfilment.cargoOctets = this.#sizes.nextHint;
    try {
      await this.#checkpoints.stop();
      await fulfilment.release();
    } catch (error) {
      this.#parts.log.warn({ error }, 'the progress of a cargo collection was not stored');
    }
  }

  #nowMs(): number {
    return this.#parts.clock.now().getTime();
  }
}
