import type { BatchLimits } from './cargo-batches.ts';
import type { CargoSizeLimits } from './cargo-sizes.ts';
import { SMALLEST_CLASS_OCTETS } from './size-classes.ts';

/** Bounds of one collection of cargo; see docs/limits.md. */
export interface CargoCollectionLimits extends BatchLimits, CargoSizeLimits {
  /**
   * Of a serialised cargo, in octets: what every courier's client accepts. Only a single larger
   * parcel makes a larger cargo.
   */
  readonly maxSerialisedOctets: number;
  /** Unacknowledged cargoes (RS-000 "Message Transport Bindings": five). */
  readonly window: number;
  /** How long before the deadline to stop sending, so that acknowledgements arrive in time. */
  readonly deadlineMarginMs: number;
  /** Without an acknowledgement for this long, the collection ends. */
  readonly acknowledgementTimeoutMs: number;
  /** How often progress is stored. */
  readonly checkpointMs: number;
}

const KIB = 1_024;
const MIB = 1_024 * KIB;

/** Length of a delivery id, a UUID, in octets. */
const DELIVERY_ID_OCTETS = 36;

/**
 * Octets that protobuf adds to a cargo of 2 MiB or more: a tag, the id's length, the id, another
 * tag, and a length of four octets.
 */
const FRAMING_OCTETS = 2 + DELIVERY_ID_OCTETS + 1 + 4;

/** The limits of every collection of cargo. */
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
