import type { Metadata } from '@grpc/grpc-js';
import { parseCcaAuthorization } from '#awala/cargo/cca.ts';
import { isRefusal, Refusal } from '#awala/errors.ts';
import { freeOctets } from '#awala/free-octets.ts';
import type { NodeId } from '#awala/node-id.ts';
import type {
  CargoAuthorization,
  CargoAuthorizer,
} from '#gateway/cargo-collection/cargo-authorizer.ts';
import {
  CargoCollection,
  type CargoCollectionParts,
} from '#gateway/cargo-collection/cargo-collection.ts';
import type { Fulfilments } from '#gateway/cargo-collection/fulfilment.ts';
import type { WaitingAcknowledgements } from '#gateway/intake/waiting-acknowledgements.ts';
import { blockedRefusal } from '#gateway/peers/blocked.ts';
import type { PeerPolicy } from '#gateway/peers/peer-policy.ts';
import type { CourierCall } from './courier-call.ts';
import type { CogrpcLimits } from './limits.ts';
import type { CargoDelivery, CargoDeliveryAck } from './service-definitions.ts';

interface CollectCargoParts {
  readonly authorizer: CargoAuthorizer;
  readonly policy: Pick<PeerPolicy, 'mayCollect'>;
  readonly fulfilments: Fulfilments;
  readonly waiting: Pick<WaitingAcknowledgements, 'heed'>;
  readonly collection: CargoCollectionParts;
  readonly limits: CogrpcLimits;
  /**
   * Called with the private gateway whose the CCA is, once that is verified and no other call has it:
   * calls with a CCA that somebody copied must not end the one that had it first.
   */
  readonly onBegun: (peer: NodeId) => void;
}

/**
 * `CollectCargo`: sends the cargo of the private gateway whose CCA is in the `authorization`
 * metadata, and ends OK once all of it is acknowledged.
 *
 * @see RS-008 "CollectCargo"
 */
export class CargoCollectionCall {
  readonly #call: CourierCall<CargoDeliveryAck, CargoDelivery>;
  readonly #parts: CollectCargoParts;
  #collection: CargoCollection | null = null;
  #authorization: CargoAuthorization | null = null;
  #isHalfClosed = false;
  #isDraining = false;

  constructor(call: CourierCall<CargoDeliveryAck, CargoDelivery>, parts: CollectCargoParts) {
    this.#call = call;
    call.describeBy(() => ({ ...this.#whose, ...this.#collection?.counts }));
    this.#parts = parts;
  }

  /** Runs the call. Never throws: every failure ends the call. Call it once. */
  async run(metadata: Metadata): Promise<void> {
    this.#call.receive({
      onMessage: ({ id }) => this.#acknowledge(id),
      onHalfClose: () => this.#onHalfClose(),
    });
    try {
      await this.#collect(metadata);
      this.#call.complete();
    } catch (error) {
      const isCutByUs = this.#isDraining && isRefusal(error, 'collection-cut');
      this.#call.fail(isCutByUs ? new Refusal('stopping', 'The server is going away') : error);
    }
  }

  /** Stops sending; ends once what was sent is acknowledged. */
  drain(): void {
    this.#isDraining = true;
    this.#collection?.cut();
  }

  /** Whether the courier must read or acknowledge something before the call can go on. */
  get isUpToCourier(): boolean {
    const { sent, acknowledged } = this.#collection?.counts ?? { sent: 0, acknowledged: 0 };
    return sent > acknowledged;
  }

  /** Ends the call if its private gateway may collect no more. */
  heedBlocks(): void {
    if (this.#authorization && !this.#parts.policy.mayCollect(this.#authorization.peer)) {
      this.#call.fail(blockedRefusal());
    }
  }

  /** The node that the cargo is for and its CCA, once that is verified. */
  get #whose() {
    return this.#authorization
      ? { peer: this.#authorization.peer, cca: this.#authorization.ccaId }
      : {};
  }

  async #collect(metadata: Metadata): Promise<void> {
    const { policy, fulfilments, waiting, collection, limits } = this.#parts;
    const { signal, endsAtMs, log } = this.#call;
    const authorization = await this.#authorise(metadata);
    if (!policy.mayCollect(authorization.peer)) {
      throw blockedRefusal();
    }
    this.#authorization = authorization;
    signal.throwIfAborted();
    const [fulfilment] = await Promise.all([
      fulfilments.begin(authorization, signal),
      waiting.heed(authorization.peer),
    ]);
    this.#parts.onBegun(authorization.peer);
    this.#collection = new CargoCollection(
      { ...collection, log },
      {
        authorization,
        fulfilment,
        endsAtMs,
        limits: limits.collection,
        takesOversize: courierTraits(metadata).takesOversize,
        send: (id, cargo) => this.#send(id, cargo),
      },
    );
    if (this.#isHalfClosed || this.#isDraining) {
      this.#collection.cut();
    }
    log.debug(this.#whose, 'Collecting cargo');
    await this.#collection.run(signal);
    const whose = log.wants('debug') ? this.#whose : {};
    log.info({ ...whose, ...this.#collection.counts }, 'Fulfilled a CCA');
  }

  async #send(id: string, cargo: Uint8Array): Promise<void> {
    await this.#call.write({ id, cargo });
    // Once written, it is in the network's own buffers.
    freeOctets(cargo);
  }

  async #authorise(metadata: Metadata): Promise<CargoAuthorization> {
    const values = metadata.get('authorization');
    const [value] = values;
    const cca =
      values.length === 1 && typeof value === 'string' ? parseCcaAuthorization(value) : null;
    if (!cca) {
      throw new Refusal('cca-missing', 'Exactly one CCA must be in the authorization');
    }
    return this.#parts.authorizer.authorise(cca);
  }

  #acknowledge(deliveryId: string): void {
    if (!this.#collection?.acknowledge(deliveryId)) {
      this.#call.fail(
        new Refusal('acknowledgement-unknown', 'No such cargo awaits an acknowledgement'),
      );
    }
  }

  /** No acknowledgements can come any more. */
  #onHalfClose(): void {
    this.#isHalfClosed = true;
    if (this.#collection && !this.#collection.isSettled) {
      this.#call.fail(
        new Refusal('half-closed', 'The call was half-closed before all was acknowledged'),
      );
    } else {
      this.#collection?.cut();
    }
  }
}

/** The courier's client, as its call shows. */
interface CourierTraits {
  /**
   * Whether it accepts gRPC messages over 4 194 304 octets. grpc-java, and so the Android courier,
   * does not by default, and ends the call; the JavaScript client accepts 9 MiB. Others are
   * unknown.
   */
  readonly takesOversize: boolean;
}

function courierTraits(metadata: Metadata): CourierTraits {
  const userAgent = String(metadata.get('user-agent')[0] ?? '');
  return { takesOversize: !userAgent.startsWith('grpc-java') };
}
