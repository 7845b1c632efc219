import { PRICES } from './prices.ts';
import type { Usage } from './usage.ts';

const HOURS = 730;

interface CostLine {
  readonly what: string;
  readonly dollars: number;
}

/** What that usage costs in a month, by Google service. */
export function costOf(usage: Usage): CostLine[] {
  const { storage, firestore, kms, redis, cluster, balancing } = PRICES;
  const parcels = usage.classA - usage.ofThemListings;
  return [
    { what: 'Cloud Storage: uploads (class A)', dollars: parcels * storage.classA },
    { what: 'Cloud Storage: listings (class A)', dollars: usage.ofThemListings * storage.classA },
    { what: 'Cloud Storage: downloads (class B)', dollars: usage.classB * storage.classB },
    { what: 'Cloud Storage: storage', dollars: usage.storedGibibytes * storage.gibibyteMonth },
    {
      what: 'Firestore: reads, writes, deletions',
      dollars:
        usage.firestoreReads * firestore.read +
        usage.firestoreWrites * firestore.write +
        usage.firestoreDeletions * firestore.deletion,
    },
    { what: 'Firestore: storage', dollars: usage.firestoreGibibytes * firestore.gibibyteMonth },
    { what: 'Cloud KMS', dollars: usage.signatures * kms.operation + kms.keyVersionsMonth },
    { what: 'Redis', dollars: redis.gigabyteHour * redis.gigabytes * HOURS },
    {
      what: 'Kubernetes: cores and memory',
      dollars:
        HOURS *
        (cluster.feeHour +
          usage.vcpus * cluster.vcpuHour +
          usage.memoryGibibytes * cluster.gibibyteHour),
    },
    {
      what: 'Load balancing',
      dollars: balancing.rulesHour * HOURS + usage.balancedGibibytes * balancing.gibibyte,
    },
    { what: 'Traffic to the Internet', dollars: egressCost(usage.egressGibibytes) },
  ];
}

/** Each price is for the part above the step before. */
function egressCost(gibibytes: number): number {
  let dollars = 0;
  let from = 0;
  for (const { upToGibibytes, gibibyte } of PRICES.egress) {
    dollars += Math.max(0, Math.min(gibibytes, upToGibibytes) - from) * gibibyte;
    from = upToGibibytes;
  }
  return dollars;
}
