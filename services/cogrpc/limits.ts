import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import {
  CARGO_COLLECTION_LIMITS,
  type CargoCollectionLimits,
} from '#gateway/cargo-collection/cargo-collection-limits.ts';

/** Bounds of the CogRPC server; see docs/limits.md. */
export interface CogrpcLimits {
  /** Connections at once; more are closed. */
  readonly maxConnections: number;
  /** Calls at once on one connection; HTTP/2 makes the peer wait with more. */
  readonly maxCallsPerConnection: number;
  /** What a courier may have under way to us, in octets, on a connection and in each of its calls. */
  readonly windowOctets: number;
  /** `DeliverCargo` calls at once; more are answered UNAVAILABLE. Each may hold one cargo that is still arriving. */
  readonly maxDeliveries: number;
  /** `CollectCargo` calls at once; more are answered UNAVAILABLE. */
  readonly maxCollections: number;
  /** Health watches at once; more are answered UNAVAILABLE. */
  readonly maxWatches: number;
  /** Requests to the health service that are not complete; with one more, the oldest is ended. */
  readonly maxHealthRequests: number;
  /** Calls that have ended, and whose peers have not said that they are done; with one more, the oldest is reset. */
  readonly maxEndingCalls: number;
  /** A small message, and a request to the health service, must be complete within this. */
  readonly messageTimeoutMs: number;
  /** Cargoes of one `DeliverCargo` call being stored at once (RS-000: at least five). */
  readonly deliveryWindow: number;
  /** Without a cargo for this long, a `DeliverCargo` call ends. */
  readonly deliveryIdleMs: number;
  /** A call lasts no longer, whatever deadline the courier set. */
  readonly maxCallMs: number;
  /**
   * A courier that collects and was sent nothing is told to try again so long before its own deadline, or a quarter of
   * the time it gave, if that is less.
   */
  readonly answerMarginMs: number;
  /** A message must be taken by the network within this. */
  readonly writeTimeoutMs: number;
  /** The end of a call must be taken by the peer within this, or its connection is cut. */
  readonly endTimeoutMs: number;
  readonly connectionIdleMs: number;
  readonly connectionAgeMs: number;
  readonly connectionAgeGraceMs: number;
  readonly keepalivePauseMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly collection: CargoCollectionLimits;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** What operators set. */
type SetLimits = 'maxCallsPerConnection' | 'maxDeliveries' | 'maxCollections';

/** All of them but those that operators set. */
export const COGRPC_LIMITS: Omit<CogrpcLimits, SetLimits> = {
  maxConnections: 2_000,
  windowOctets: 4 * 1_024 * 1_024,
  maxWatches: 100,
  maxHealthRequests: 100,
  maxEndingCalls: 100,
  messageTimeoutMs: 10 * SECOND_MS,
  deliveryWindow: 5,
  deliveryIdleMs: 30 * SECOND_MS,
  maxCallMs: 15 * MINUTE_MS,
  answerMarginMs: 800,
  writeTimeoutMs: 30 * SECOND_MS,
  endTimeoutMs: 5 * SECOND_MS,
  connectionIdleMs: 2 * MINUTE_MS,
  connectionAgeMs: 30 * MINUTE_MS,
  connectionAgeGraceMs: MINUTE_MS,
  keepalivePauseMs: 20 * SECOND_MS,
  keepaliveTimeoutMs: 10 * SECOND_MS,
  collection: CARGO_COLLECTION_LIMITS,
};

/** What a delivery id and the framing by protobuf may add to a cargo, in octets. */
const FRAMING_OCTETS = 1_024;

/** A larger gRPC message is answered RESOURCE_EXHAUSTED without being read. */
export const MAX_GRPC_MESSAGE_OCTETS = MAX_MESSAGE_OCTETS + FRAMING_OCTETS;

/** The same for messages that carry no cargo: acknowledgements, and requests to the health service. */
export const MAX_SMALL_MESSAGE_OCTETS = 4 * 1_024;

/** Delivery ids; the deployed couriers' are UUIDs. */
export const MAX_DELIVERY_ID_LENGTH = 128;
