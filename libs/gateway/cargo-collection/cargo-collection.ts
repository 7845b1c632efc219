import { randomUUID } from 'node:crypto';
import { isRefusal, Refusal } from '#awala/errors.ts';
import { inTime } from '#bounds/deadline.ts';
import { logStep, type Step } from '#log/steps.ts';
import type { ObjectKey } from '#object-store/port.ts';
import { CargoSizes } from './cargo-sizes.ts';
import { Checkpoints } from './checkpoints.ts';
import {
  type PackedCargo,
  PackedCargoes,
  type PackedCargoesParts,
  type PackedCargoesRequest,
} from './packed-cargoes.ts';
import { SentCargoes } from './sent-cargoes.ts';

/** What {@link CargoCollection} needs. */
export type CargoCollectionParts = PackedCargoesParts;

/** One courier's call. The collection owns the leased fulfilment, and releases it. */
interface CargoCollectionRequest extends PackedCargoesRequest {
  /** The courier's deadline, by `Clock.elapsedMs`. */
  readonly endsAtMs: number;
  /**
   * Sends a cargo to the courier; resolves once the network took it, and the next may follow. Must
   * end by itself if the network stalls.
   */
  readonly send: (deliveryId: string, cargo: Uint8Array) => Promise<void>;
}

/**
 * Sends everything held for one private gateway to a courier, packed into cargoes, and records what
 * it acknowledges. Deletes nothing: only the private gateway's own acknowledgements do.
 *
 * Packs the next cargo while one is being sent. Stops sending near the deadline; the next call with
 * the same CCA gets the rest.
 *
 * @see RS-008 "CollectCargo"
 */
export class CargoCollection {
  readonly #parts: CargoCollectionParts;
  readonly #request: CargoCollectionRequest;
  readonly #stop = new AbortController();
  readonly #ended = Promise.withResolvers<never>();
  readonly #cargoes: PackedCargoes;
  readonly #sizes: CargoSizes;
  readonly #checkpoints: Checkpoints;
  readonly #sent: SentCargoes;
  #isCut = false;
  #cargoesSent = 0;
  #acknowledged = 0;
  /** What is known of the first cargo sent. */
  #first: Pick<PackedCargo, 'onlyMessageOctets'> | null = null;

  constructor(parts: CargoCollectionParts, request: CargoCollectionRequest) {
    this.#parts = parts;
    this.#request = request;
    const { fulfilment, limits } = request;
    this.#cargoes = new PackedCargoes(parts, request, this.#stop.signal);
    const sizes = { ...limits, maxCargoOctets: this.#cargoes.maxOctets };
    this.#sizes = new CargoSizes(sizes, fulfilment.cargoOctets);
    this.#checkpoints = new Checkpoints(fulfilment, {
      clock: parts.clock,
      pauseMs: limits.checkpointMs,
      onFailure: (error) => this.#end(error),
    });
    this.#sent = new SentCargoes({
      clock: parts.clock,
      timeoutMs: limits.acknowledgementTimeoutMs,
      onTimeout: () =>
        this.#end(new Refusal('cargo-unacknowledged', 'no cargo was acknowledged in time')),
    });
    this.#ended.promise.catch(() => {});
  }

  /**
   * Collects until all is sent and acknowledged, which uses the CCA up. However it ends, it first
   * tries to store what was acknowledged. Call it once.
   *
   * @throws {Refusal} `collection-cut` once all that was sent is acknowledged, if there was no time for more;
   *   `cargo-unacknowledged`; `cca-in-use` if the lease was lost
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
      await this.#letGo(signal.aborted || isRefusal(error, 'cargo-unacknowledged'));
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
    this.#acknowledged += 1;
    this.#logParcels('carried', sent.keys, deliveryId);
    this.#sizes.acknowledged(sent.octets, sent.sentAtMs, this.#parts.clock.elapsedMs());
    const { fulfilment } = this.#request;
    sent.stretches.forEach((stretch) => void fulfilment.progress.add(stretch));
    fulfilment.reach.carried(sent.octets);
    fulfilment.cargoOctets = this.#sizes.nextHint;
    this.#checkpoints.isDue = true;
    this.#parts.metrics.cargoCollected();
    this.#sent.notify();
    return true;
  }

  /** Cargoes sent so far, and how many of them the courier acknowledged. */
  get counts(): { readonly sent: number; readonly acknowledged: number } {
    return { sent: this.#cargoesSent, acknowledged: this.#acknowledged };
  }

  /** Whether everything sent is acknowledged, so that ending loses nothing. */
  get isSettled(): boolean {
    return this.#sent.isSettled;
  }

  /** Stops sending, as if the deadline were near. */
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
      // The next call resumes after what this one sent.
      await this.#allAcknowledged().catch(() => {});
      this.#end(error);
      // Its memory is freed when it is packed.
      next.then((cargo) => cargo?.release()).catch(() => {});
      throw error;
    }
  }

  /**
   * Waits for the next cargo; once something was sent, ends the call before its deadline even if
   * packing hangs.
   *
   * @throws {Refusal} `collection-cut` once all that was sent is acknowledged
   */
  async #inTime(next: Promise<PackedCargo | null>): Promise<PackedCargo | null> {
    const timeLeftMs = this.#timeLeftMs();
    if (!this.#first || timeLeftMs === Number.POSITIVE_INFINITY) {
      return next;
    }
    return inTime(this.#parts.clock, Math.max(0, timeLeftMs), next, () => this.#endCut());
  }

  async #endCut(): Promise<never> {
    await this.#allAcknowledged();
    throw new Refusal(
      'collection-cut',
      'there is more cargo to collect: call again with the same CCA',
    );
  }

  /** Packs the next cargo while this one is sent, unless there is too much in this one. */
  async #sendAndPack(cargo: PackedCargo): Promise<PackedCargo | null> {
    const isLarge = cargo.octets > this.#cargoes.maxOctets;
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

  #pack(): Promise<PackedCargo | null> {
    return this.#cargoes.next(this.#sizes.target(this.#timeLeftMs()));
  }

  async #send(cargo: PackedCargo): Promise<void> {
    const { serialised, stretches, keys, octets, onlyMessageOctets, release } = cargo;
    const deliveryId = randomUUID();
    this.#first ??= { onlyMessageOctets };
    this.#tellIfOversize(serialised.length);
    const { send } = this.#request;
    try {
      this.#cargoesSent += 1;
      await this.#sent.send(deliveryId, { stretches, keys, octets }, () =>
        send(deliveryId, serialised),
      );
      this.#logParcels('sent', keys, deliveryId);
    } finally {
      release();
    }
  }

  #logParcels(step: Step, keys: readonly ObjectKey[], delivery: string): void {
    for (const key of keys) {
      logStep(this.#parts.log, step, key, { road: 'cargo', delivery });
    }
  }

  #tellIfOversize(octets: number): void {
    const { limits, authorization } = this.#request;
    if (octets > limits.maxSerialisedOctets) {
      this.#parts.metrics.oversizeCargoSent();
      const fields = { peer: authorization.peer, octets };
      this.#parts.log.debug(fields, 'Sending a courier more than some clients accept');
    }
  }

  /** Acknowledgements come in the order of sending. */
  #mayStillSend(octets: number): boolean {
    const timeLeftMs = this.#timeLeftMs();
    const neededMs = this.#sizes.estimateMs(this.#sent.octets + octets);
    return !this.#isCut && timeLeftMs > 0 && neededMs <= timeLeftMs;
  }

  #timeLeftMs(): number {
    const { endsAtMs, limits } = this.#request;
    return endsAtMs - this.#parts.clock.elapsedMs() - limits.deadlineMarginMs;
  }

  async #windowOpens(): Promise<void> {
    while (this.#sent.count >= this.#window) {
      await this.#sent.changed(this.#stop.signal);
    }
  }

  /**
   * Before a near deadline, sends one cargo alone, which tells how many more can be acknowledged in
   * time.
   */
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

  /** Logs failures rather than throw: the caller must hear what ended the collection. */
  async #letGo(isByCourier: boolean): Promise<void> {
    const { fulfilment } = this.#request;
    fulfilment.cargoOctets = this.#sizes.nextHint;
    const vainOctets = this.#first?.onlyMessageOctets;
    if (isByCourier && !this.#isCut && !this.#sizes.hasAcknowledged && vainOctets) {
      fulfilment.reach.failed(vainOctets);
    }
    try {
      await this.#checkpoints.stop();
      await fulfilment.release();
    } catch (error) {
      const { peer } = this.#request.authorization;
      this.#parts.log.warn({ error, peer }, 'Could not store the progress of a cargo collection');
    }
  }
}
