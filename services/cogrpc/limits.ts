import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import {
  CARGO_COLLECTION_LIMITS,
  type CargoCollectionLimits,
} from '#gateway/cargo-collection/cargo-collection-limits.ts';

/** Bounds of the CogRPC server; see docs/limits.md. */
export interface CogrpcLimits {
  /** Open connections; one more is closed, or another of those who hold most. */
  readonly maxConnections: number;
  /** Concurrent calls on one connection; HTTP/2 makes the peer wait with more. */
  readonly maxCallsPerConnection: number;
  /** Octets that a courier may have in flight, on a connection and in each call. */
  readonly windowOctets: number;
  /**
   * Concurrent `DeliverCargo` calls; one more gets UNAVAILABLE, or another of those who hold most.
   * Each may hold one arriving cargo.
   */
  readonly maxDeliveries: number;
  /** The same for `CollectCargo`. */
  readonly maxCollections: number;
  /** Concurrent `CollectCargo` calls for one private gateway; one more ends the oldest. */
  readonly maxCollectionsForOneGateway: number;
  /** How long a call or connection stands still before it gives way to any newcomer at the bound. */
  readonly idleMs: number;
  /** Concurrent health watches; more get UNAVAILABLE. */
  readonly maxWatches: number;
  /** Incomplete requests to the health service; one more ends the oldest. */
  readonly maxHealthRequests: number;
  /** Ended calls whose peers have not acknowledged the end; one more resets the oldest. */
  readonly maxEndingCalls: number;
  /** For a small message, or a request to the health service, to be complete. */
  readonly messageTimeoutMs: number;
  /** Cargoes of one `DeliverCargo` call being stored (RS-000: at least five). */
  readonly deliveryWindow: number;
  /** Until the first cargo of a `DeliverCargo` call. */
  readonly firstCargoMs: number;
  /** How long a `DeliverCargo` call may go without a further cargo. */
  readonly deliveryIdleMs: number;
  /** Longest call, whatever deadline the courier set. */
  readonly maxCallMs: number;
  /**
   * How long before its own deadline a collecting courier that got nothing is told to retry; at
   * most a quarter of the time it gave.
   */
  readonly answerMarginMs: number;
  /** How often it is looked whether a cargo arrives, or is taken, with the least speed. */
  readonly paceMs: number;
  /** Octets in {@link paceMs}. */
  readonly leastPaceOctets: number;
  /**
   * How long the peer of a call must keep us waiting before it gives way to others that wait for
   * the memory that it holds.
   */
  readonly memoryIdleMs: number;
  /** For the network to take a message; a multiple of {@link paceMs}. */
  readonly writeTimeoutMs: number;
  /** For the peer to take the end of a call, or it is reset; then the same, or its connection is cut. */
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

/** Set by operators. */
type SetLimits = 'maxCallsPerConnection' | 'maxDeliveries' | 'maxCollections';

/** All limits except those that operators set. */
export const COGRPC_LIMITS: Omit<CogrpcLimits, SetLimits> = {
  maxConnections: 2_000,
  windowOctets: 4 * 1_024 * 1_024,
  maxCollectionsForOneGateway: 10,
  idleMs: 2 * SECOND_MS,
  maxWatches: 100,
  maxHealthRequests: 100,
  maxEndingCalls: 100,
  messageTimeoutMs: 10 * SECOND_MS,
  deliveryWindow: 5,
  firstCargoMs: 10 * SECOND_MS,
  deliveryIdleMs: 30 * SECOND_MS,
  maxCallMs: 15 * MINUTE_MS,
  answerMarginMs: 800,
  paceMs: 10 * SECOND_MS,
  leastPaceOctets: 16 * 1_024,
  memoryIdleMs: SECOND_MS,
  writeTimeoutMs: 30 * SECOND_MS,
  endTimeoutMs: 5 * SECOND_MS,
  connectionIdleMs: 2 * MINUTE_MS,
  connectionAgeMs: 30 * MINUTE_MS,
  connectionAgeGraceMs: MINUTE_MS,
  keepalivePauseMs: 20 * SECOND_MS,
  keepaliveTimeoutMs: 10 * SECOND_MS,
  collection: CARGO_COLLECTION_LIMITS,
};

/** Most octets that a delivery id and protobuf's framing add to a cargo. */
const FRAMING_OCTETS = 1_024;

/** Largest gRPC message; a larger one gets RESOURCE_EXHAUSTED, unread. */
export const MAX_GRPC_MESSAGE_OCTETS = MAX_MESSAGE_OCTETS + FRAMING_OCTETS;

/** The same for messages without cargo: acknowledgements, and requests to the health service. */
export const MAX_SMALL_MESSAGE_OCTETS = 4 * 1_024;

/** Longest delivery id, in characters; deployed couriers use UUIDs. */
export const MAX_DELIVERY_ID_LENGTH = 128;
