/**
 * List prices in US dollars, without taxes, discounts for commitment or free tiers, for Oregon (`us-west1`) and, where
 * said so, Iowa, each with its source. Prices change, and other regions cost up to a third more.
 */
export const PRICES = {
  /** cloud.google.com/storage/pricing, as of 2025: standard storage in one region; deleting is free. */
  storage: {
    gibibyteMonth: 0.02,
    /** Uploads and listings. */
    classA: 0.005 / 1_000,
    classB: 0.0004 / 1_000,
  },
  /** firebase.google.com/docs/firestore/pricing, as of 2025. */
  firestore: {
    read: 0.03 / 100_000,
    write: 0.09 / 100_000,
    /** Also by TTL policies. */
    deletion: 0.01 / 100_000,
    gibibyteMonth: 0.15,
  },
  /** cloud.google.com/kms/pricing, as of 17 March 2025: RSA of 2 048 bits in an HSM, and the sealing key. */
  kms: { operation: 0.03 / 10_000, keyVersionsMonth: 2 },
  /** Memorystore for Redis, standard tier, 5 to 10 GB, Iowa; as remembered from 2024, not read again. */
  redis: { gigabyteHour: 0.054, gigabytes: 5 },
  /** cloud.google.com/kubernetes-engine/pricing: the fee as of 2025; Autopilot in Iowa as remembered from 2024, not read again. */
  cluster: { feeHour: 0.1, vcpuHour: 0.0445, gibibyteHour: 0.004_922_5 },
  /**
   * cloud.google.com/compute/all-pricing for an `e2-small` and a balanced disk, cloud.google.com/vpc/network-pricing
   * for an external address in use; all as remembered from 2025, not read again.
   */
  machine: { hour: 0.016_75, diskGibibyteMonth: 0.1, diskGibibytes: 10, addressHour: 0.005 },
  /** cloud.google.com/load-balancing/pricing, as of 2025. */
  balancing: { rulesHour: 0.025, gibibyte: 0.008 },
  /** cloud.google.com/storage/pricing-examples, as of 2025, for the first; the others as remembered from 2024, not read again. */
  egress: [
    { upToGibibytes: 1_024, gibibyte: 0.12 },
    { upToGibibytes: 10_240, gibibyte: 0.11 },
    { upToGibibytes: Number.POSITIVE_INFINITY, gibibyte: 0.08 },
  ],
} as const;
