import type { Http2Server } from 'node:http2';
import type { Socket } from 'node:net';
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { Refusal } from '#awala/errors.ts';
import type { Budget } from '#bounds/budget.ts';
import {
  CargoAuthorizer,
  type CargoAuthorizerParts,
} from '#gateway/cargo-collection/cargo-authorizer.ts';
import type { CargoCollectionParts } from '#gateway/cargo-collection/cargo-collection.ts';
import { Fulfilments } from '#gateway/cargo-collection/fulfilment.ts';
import { CargoIntake, type CargoIntakeParts } from '#gateway/intake/cargo-intake.ts';
import { CargoOpening } from '#gateway/intake/cargo-opening.ts';
import { WaitingAcknowledgements } from '#gateway/intake/waiting-acknowledgements.ts';
import type { RecordStore } from '#record-store/port.ts';
import { RequestIds } from '#runtime/http/request-ids.ts';
import { boundCalls } from './bounded-calls.ts';
import { CargoCollectionCall } from './collect-cargo.ts';
import { Connections, type Where } from './connections.ts';
import { CourierCall } from './courier-call.ts';
import { CargoDeliveryCall } from './deliver-cargo.ts';
import type { AdmittedDelivery } from './delivery-admission.ts';
import { Health } from './health.ts';
import { type CogrpcLimits, MAX_GRPC_MESSAGE_OCTETS } from './limits.ts';
import {
  CARGO_RELAY_NAMES,
  type CargoDelivery,
  type CargoDeliveryAck,
  cargoRelayDefinition,
  healthDefinition,
} from './service-definitions.ts';

/** What {@link CogrpcServer} needs. */
export interface CogrpcParts
  extends CargoIntakeParts,
    Omit<CargoAuthorizerParts, 'metrics'>,
    Omit<CargoCollectionParts, 'budget'> {
  readonly records: RecordStore;
  /** For arriving cargo, in octets. */
  readonly deliveryBudget: Budget;
  /** For cargo being collected, in octets. */
  readonly collectionBudget: Budget;
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
  readonly #collections = new Set<Drainable>();
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
    this.#health = new Health(limits.maxWatches);
    this.#server = new Server({
      ...channelOptions(limits),
      interceptors: [boundCalls({ ...parts, limits })],
    });
    for (const name of CARGO_RELAY_NAMES) {
      this.#server.addService(cargoRelayDefinition(name), this.#cargoRelay());
    }
    this.#server.addService(healthDefinition(), this.#health.implementation);
    const injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    widenWindows(this.#server, limits.windowOctets);
    this.#connections = new Connections(injector, limits.maxConnections);
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
    if (this.#admit(call, this.#deliveries, this.#limits.maxDeliveries)) {
      const { clock } = this.#parts;
      const parts = { intake: this.#intake, clock, limits: this.#limits };
      const delivery = new CargoDeliveryCall(call, parts);
      this.#keep(delivery, this.#deliveries, call);
      delivery.start();
    }
  }

  #collect(stream: ServerDuplexStream<CargoDeliveryAck, CargoDelivery>): void {
    const call = this.#open(stream, { method: 'CollectCargo', answersEarly: true });
    if (this.#admit(call, this.#collections, this.#limits.maxCollections)) {
      const collection = new CargoCollectionCall(call, {
        authorizer: this.#authorizer,
        fulfilments: this.#fulfilments,
        waiting: this.#waiting,
        collection: { ...this.#parts, budget: this.#parts.collectionBudget },
        limits: this.#limits,
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
    const parts = { clock, log, limits: this.#limits, answersEarly, cutConnection };
    return new CourierCall(stream, parts);
  }

  #idOf<Request, Response>(stream: ServerDuplexStream<Request, Response>): string {
    const [sent] = stream.metadata.get(this.#requestIds.header);
    const peer = stream.getPeer();
    return this.#requestIds.idOf(peer.slice(0, peer.lastIndexOf(':')), sent);
  }

  #admit<Request, Response>(
    call: CourierCall<Request, Response>,
    others: ReadonlySet<Drainable>,
    max: number,
  ): boolean {
    if (others.size >= max) {
      call.fail(new Refusal('calls-full', 'Too many couriers at once; try again later'));
      return false;
    }
    if (this.#isDraining) {
      call.fail(new Refusal('stopping', 'The server is going away; try again later'));
      return false;
    }
    return true;
  }

  #keep<Request, Response>(
    entry: Drainable,
    entries: Set<Drainable>,
    call: CourierCall<Request, Response>,
  ): void {
    entries.add(entry);
    void call.finished.then(() => entries.delete(entry));
  }
}

function channelOptions(limits: CogrpcLimits) {
  return {
    'grpc.max_receive_message_length': MAX_GRPC_MESSAGE_OCTETS,
    'grpc.max_send_message_length': MAX_GRPC_MESSAGE_OCTETS,
    'grpc.max_concurrent_streams': limits.maxCallsPerConnection,
    'grpc.max_connection_idle_ms': limits.connectionIdleMs,
    'grpc.max_connection_age_ms': limits.connectionAgeMs,
    'grpc.max_connection_age_grace_ms': limits.connectionAgeGraceMs,
    'grpc.keepalive_time_ms': limits.keepalivePauseMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
    'grpc.enable_channelz': 0,
  };
}

/**
 * Allows couriers `windowOctets` in flight, on each connection and in each call. With HTTP/2's own
 * 64 KiB per round trip, a cargo of megabytes would take longer than deployed couriers give a call.
 *
 * grpc-js has this setting for clients only. If the fields used here disappear, the type checker
 * says so.
 *
 * @param server - with connection injectors
 */
function widenWindows(server: Server, windowOctets: number): void {
  // biome-ignore lint/complexity/useLiteralKeys: TypeScript lets private fields be read this way only.
  for (const http2Server of server['http2Servers'].keys() as Iterable<Http2Server>) {
    http2Server.on('session', (session) => {
      session.settings({ initialWindowSize: windowOctets });
      session.setLocalWindowSize(windowOctets);
    });
  }
}
