import type { Socket } from 'node:net';
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { Refusal } from '#awala/errors.ts';
import type { Budget } from '#bounds/budget.ts';
import { DividedBudget } from '#bounds/divided-budget.ts';
import { FairShares, type Who } from '#bounds/fair-shares.ts';
import { Recent } from '#bounds/recent.ts';
import {
  CargoAuthorizer,
  type CargoAuthorizerParts,
} from '#gateway/cargo-collection/cargo-authorizer.ts';
import type { CargoCollectionParts } from '#gateway/cargo-collection/cargo-collection.ts';
import { Fulfilments } from '#gateway/cargo-collection/fulfilment.ts';
import { CargoIntake, type CargoIntakeParts } from '#gateway/intake/cargo-intake.ts';
import { CargoOpening } from '#gateway/intake/cargo-opening.ts';
import { WaitingAcknowledgements } from '#gateway/intake/waiting-acknowledgements.ts';
import type { PeerPolicy } from '#gateway/peers/peer-policy.ts';
import type { RecordStore } from '#record-store/port.ts';
import type { ClientNetworks } from '#runtime/http/client-networks.ts';
import { RequestIds } from '#runtime/http/request-ids.ts';
import { boundCalls } from './bounded-calls.ts';
import { type CallPlace, CallPlaces } from './call-places.ts';
import { resetCall } from './call-stream.ts';
import { CargoCollectionCall } from './collect-cargo.ts';
import { Connections, type Where } from './connections.ts';
import { CourierCall } from './courier-call.ts';
import { CargoDeliveryCall } from './deliver-cargo.ts';
import { type AdmittedDelivery, hearOfArrivals } from './delivery-admission.ts';
import { channelOptions, widenWindows } from './grpc-settings.ts';
import { Health } from './health.ts';
import type { CogrpcLimits } from './limits.ts';
import {
  CARGO_RELAY_NAMES,
  type CargoDelivery,
  type CargoDeliveryAck,
  cargoRelayDefinition,
  healthDefinition,
} from './service-definitions.ts';

/** What {@link CogrpcServer} needs. */
export interface CogrpcParts
  extends Omit<CargoIntakeParts, 'policy'>,
    Omit<CargoAuthorizerParts, 'metrics'>,
    Omit<CargoCollectionParts, 'budget' | 'policy'> {
  readonly policy: PeerPolicy;
  readonly records: RecordStore;
  /** For arriving cargo, in octets. */
  readonly deliveryBudget: Budget;
  /** For cargo being collected, in octets. */
  readonly collectionBudget: Budget;
  /** By whom connections and calls are divided. */
  readonly clientNetworks: ClientNetworks;
  /** How to name calls; by default, no proxy's id is used. */
  readonly requestIds?: RequestIds;
}

interface Drainable {
  drain(): void;
}

/**
 * Serves couriers over gRPC without TLS, which is the edge's: the cargo relay under both names, and
 * the health service.
 */
export class CogrpcServer {
  readonly #parts: CogrpcParts;
  readonly #limits: CogrpcLimits;
  readonly #server: Server;
  readonly #connections: Connections;
  readonly #health: Health;
  readonly #requestIds: RequestIds;
  readonly #intake: CargoIntake;
  readonly #authorizer: CargoAuthorizer;
  readonly #fulfilments: Fulfilments;
  readonly #waiting: WaitingAcknowledgements;
  readonly #deliveries = new Set<Drainable>();
  readonly #collectionMemory: DividedBudget;
  readonly #deliveryPlaces: CallPlaces;
  readonly #collectionPlaces: CallPlaces;
  /** Calls that gave way, and whose peers have not acknowledged that. */
  readonly #gaveWay: Recent;
  readonly #collections = new Set<CargoCollectionCall>();
  #isDraining = false;

  constructor(parts: CogrpcParts, limits: CogrpcLimits) {
    this.#parts = parts;
    this.#limits = limits;
    this.#requestIds = parts.requestIds ?? new RequestIds();
    this.#intake = new CargoIntake(parts);
    this.#authorizer = new CargoAuthorizer(parts);
    this.#fulfilments = new Fulfilments(parts);
    const opening = new CargoOpening(parts);
    this.#waiting = new WaitingAcknowledgements({
      ...parts,
      opening,
      budget: parts.collectionBudget,
    });
    parts.policy.onChanged(() => this.#heedBlocks());
    this.#health = new Health({
      maxWatches: limits.maxWatches,
      whoWatches: (call) => this.#whoMakes(call),
    });
    const deliveryMemory = this.#divided(parts.deliveryBudget);
    this.#collectionMemory = this.#divided(parts.collectionBudget);
    this.#server = new Server({
      ...channelOptions(limits),
      interceptors: [boundCalls({ ...parts, limits, deliveryMemory })],
    });
    for (const name of CARGO_RELAY_NAMES) {
      this.#server.addService(cargoRelayDefinition(name), this.#cargoRelay());
    }
    this.#server.addService(healthDefinition(), this.#health.implementation);
    const injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    widenWindows(this.#server, limits.windowOctets);
    const shares = new FairShares({
      capacity: limits.maxConnections,
      idle: this.#idle,
      onGivenWay: (isNarrowest) =>
        parts.metrics.overShare('connections', isNarrowest ? 'client' : 'network'),
    });
    this.#connections = new Connections(injector, shares, parts.clientNetworks);
    this.#deliveryPlaces = this.#placesFor(limits.maxDeliveries);
    this.#collectionPlaces = this.#placesFor(limits.maxCollections);
    this.#gaveWay = new Recent(limits.maxEndingCalls);
  }

  /** Couriers' calls in progress. */
  get calls(): number {
    return this.#deliveries.size + this.#collections.size;
  }

  /**
   * Call it once.
   *
   * @returns the port, chosen by the system if 0 was asked for
   */
  listen(where: Where): Promise<number> {
    return this.#connections.listen(where);
  }

  /**
   * Serves a connection that another server accepted, after its TLS handshake if it has one, within
   * the same limits as the others; cuts it if there are too many.
   */
  take(connection: Socket): void {
    this.#connections.take(connection);
  }

  /**
   * Refuses new calls, and lets those in progress end: what was sent or accepted may still be
   * acknowledged, but no more is sent or accepted. After `boundMs`, cuts the remaining connections.
   * Safe to repeat.
   */
  async drain(boundMs: number): Promise<void> {
    this.#isDraining = true;
    this.#connections.refuseMore();
    this.#health.stop();
    for (const call of [...this.#deliveries, ...this.#collections]) {
      call.drain();
    }
    const cancelCut = this.#parts.clock.schedule(boundMs, () => this.#connections.cutAll());
    await new Promise<void>((resolve) => {
      this.#server.tryShutdown(() => resolve());
    });
    cancelCut();
  }

  #heedBlocks(): void {
    for (const call of this.#collections) {
      call.heedBlocks();
    }
  }

  #cargoRelay(): UntypedServiceImplementation {
    return {
      DeliverCargo: (stream: ServerDuplexStream<AdmittedDelivery, CargoDeliveryAck>) =>
        this.#deliver(stream),
      CollectCargo: (stream: ServerDuplexStream<CargoDeliveryAck, CargoDelivery>) =>
        this.#collect(stream),
    };
  }

  #deliver(stream: ServerDuplexStream<AdmittedDelivery, CargoDeliveryAck>): void {
    const call = this.#open(stream, { method: 'DeliverCargo', answersEarly: false });
    if (this.#admit(call, stream, this.#deliveryPlaces)) {
      const { clock } = this.#parts;
      const parts = { intake: this.#intake, clock, limits: this.#limits };
      const delivery = new CargoDeliveryCall(call, parts);
      this.#keep(delivery, this.#deliveries, call);
      delivery.start();
    }
  }

  #collect(stream: ServerDuplexStream<CargoDeliveryAck, CargoDelivery>): void {
    const call = this.#open(stream, { method: 'CollectCargo', answersEarly: true });
    const place = this.#admit(call, stream, this.#collectionPlaces);
    if (place) {
      // It said whose it is with its first octets.
      place.touch();
      const budget = this.#collectionMemory.open({
        who: this.#whoMakes(stream),
        stillMs: () => (collection.isUpToCourier ? call.stillMs : null),
        giveWay: () => this.#endFor(call, stream),
      });
      void call.finished.then(() => budget.close());
      const collection = new CargoCollectionCall(call, {
        authorizer: this.#authorizer,
        policy: this.#parts.policy,
        fulfilments: this.#fulfilments,
        waiting: this.#waiting,
        collection: { ...this.#parts, budget },
        limits: this.#limits,
        onBegun: (peer) => place.countFor(peer),
      });
      this.#keep(collection, this.#collections, call);
      void collection.run(stream.metadata);
    }
  }

  #open<Request, Response>(
    stream: ServerDuplexStream<Request, Response>,
    { method, answersEarly }: { readonly method: string; readonly answersEarly: boolean },
  ): CourierCall<Request, Response> {
    const { clock } = this.#parts;
    const log = this.#parts.log.with({ request: this.#idOf(stream), method });
    const cutConnection = (peer: string) => this.#connections.cut(peer);
    const written = this.#connections.of(stream.getPeer())?.written ?? (() => 0);
    const parts = { clock, log, limits: this.#limits, answersEarly, written, cutConnection };
    return new CourierCall(stream, parts);
  }

  #idOf<Request, Response>(stream: ServerDuplexStream<Request, Response>): string {
    const [sent] = stream.metadata.get(this.#requestIds.header);
    const peer = stream.getPeer();
    return this.#requestIds.idOf(addressOf(peer), sent);
  }

  #placesFor(capacity: number): CallPlaces {
    const { metrics } = this.#parts;
    return new CallPlaces({
      capacity,
      idle: this.#idle,
      mostForOneGateway: this.#limits.maxCollectionsForOneGateway,
      onGivenWay: (who) => metrics.overShare('calls', who),
    });
  }

  get #idle() {
    return { clock: this.#parts.clock, afterMs: this.#limits.idleMs };
  }

  /** @returns null if the call was refused */
  #admit<Request, Response>(
    call: CourierCall<Request, Response>,
    stream: ServerDuplexStream<Request, Response>,
    places: CallPlaces,
  ): CallPlace | null {
    if (this.#isDraining) {
      call.fail(new Refusal('stopping', 'The server is going away; try again later'));
      return null;
    }
    const peer = stream.getPeer();
    const connection = this.#connections.of(peer);
    const place = places.enter(this.#whoMakes(stream), () => this.#endFor(call, stream));
    if (!place) {
      call.fail(tooManyCalls());
      return null;
    }
    connection?.touch();
    const progress = () => {
      place.touch();
      connection?.touch();
    };
    call.onProgress(progress);
    hearOfArrivals(stream.metadata, progress);
    void call.finished.then(() => place.leave());
    return place;
  }

  /** Its network, which a trusted proxy tells of each call, and within that its connection. */
  #whoMakes(stream: Pick<ServerDuplexStream<unknown, unknown>, 'getPeer' | 'metadata'>): Who {
    const peer = stream.getPeer();
    const forwardedFor = stream.metadata.get('x-forwarded-for').join();
    const network = this.#parts.clientNetworks.pathOf(addressOf(peer), forwardedFor);
    return [...network, this.#connections.of(peer)?.id ?? 'gone'];
  }

  #divided(budget: Budget): DividedBudget {
    const { clock, metrics } = this.#parts;
    const onGivenWay = (isNarrowest: boolean) =>
      metrics.overShare('memory', isNarrowest ? 'client' : 'network');
    return new DividedBudget({ budget, clock, idleMs: this.#limits.memoryIdleMs, onGivenWay });
  }

  /** Ends a call for another; its peer gets less time to hear that if many must. */
  #endFor<Request, Response>(
    call: CourierCall<Request, Response>,
    stream: ServerDuplexStream<Request, Response>,
  ): void {
    call.fail(tooManyCalls());
    const leave = this.#gaveWay.enter(() => {
      resetCall(stream.metadata);
      this.#connections.cut(stream.getPeer());
    });
    void call.finished.then(leave);
  }

  #keep<Entry, Request, Response>(
    entry: Entry,
    entries: Set<Entry>,
    call: CourierCall<Request, Response>,
  ): void {
    entries.add(entry);
    void call.finished.then(() => entries.delete(entry));
  }
}

function tooManyCalls(): Refusal {
  return new Refusal('calls-full', 'Too many couriers at once; try again later');
}

/** @param peer - address and port, as gRPC names it */
function addressOf(peer: string): string {
  return peer.slice(0, peer.lastIndexOf(':'));
}
