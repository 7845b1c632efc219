import type { BatchLimits } from './cargo-batches.ts';
import type { CargoSizeLimits } from './cargo-sizes.ts';
import { SMALLEST_CLASS_OCTETS } from './size-classes.ts';

/** Bounds of one collection of cargo; see docs/limits.md. */
export interface CargoCollectionLimits extends BatchLimits, CargoSizeLimits {
  /**
   * Of a serialised cargo, in octets: what every courier's client takes. Only one parcel that
   * needs more by itself makes a larger one.
   */
  readonly maxSerialisedOctets: number;
  /** Cargoes that may be unacknowledged at once (RS-000 "Message Transport Bindings": five). */
  readonly window: number;
  /** Nothing is sent within this time before the deadline, so that it can be acknowledged. */
  readonly deadlineMarginMs: number;
  /** Without an acknowledgement for this long, the collection ends. */
  readonly acknowledgementTimeoutMs: number;
  /** Pause between storing how far the collection is. */
  readonly checkpointMs: number;
}

const KIB = 1_024;
const MIB = 1_024 * KIB;

/** Of a delivery id, in octets: a UUID. */
const DELIVERY_ID_OCTETS = 36;

/**
 * What protobuf adds to a cargo of 2 MiB or more, in octets: a tag and the length
 * of the id, the id, another tag, and a length of four octets.
 */
const FRAMING_OCTETS = 2 + DELIVERY_ID_OCTETS + 1 + 4;

export const CARGO_COLLECTION_LIMITS: CargoCollectionLimits = {
  window: 5,
  firstCargoOctets: 256 * KIB,
  minCargoOctets: SMALLEST_CLASS_OCTETS,
  maxCargoOctets: 4 * MIB,
  maxSerialisedOctets: 4 * MIB - FRAMING_OCTETS,
  aheadItems: 128,
  aheadOctets: 4 * MIB,
  gatheringMs: 150,
  deadlineMarginMs: 400,
  acknowledgementTimeoutMs: 30_000,
  checkpointMs: 1_000,
};
