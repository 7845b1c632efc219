import { PRICES } from './prices.ts';
import type { Usage } from './usage.ts';

const HOURS = 730;

interface CostLine {
  readonly what: string;
  /** 0 for what that form of the gateway does not have. */
  readonly dollars: number;
}

/** What that usage costs in a month, by Google service. */
export function costOf(usage: Usage): CostLine[] {
  const { storage, firestore, kms } = PRICES;
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
    ...hostingCost(usage),
    { what: 'Traffic to the Internet', dollars: egressCost(usage.egressGibibytes) },
  ];
}

/** What the processes run on, and what stands before and between them. */
function hostingCost(usage: Usage): CostLine[] {
  const { redis, cluster, balancing, machine } = PRICES;
  const cores =
    cluster.feeHour + usage.vcpus * cluster.vcpuHour + usage.memoryGibibytes * cluster.gibibyteHour;
  const machineMonth =
    (machine.hour + machine.addressHour) * HOURS +
    machine.diskGibibytes * machine.diskGibibyteMonth;
  const inCluster = usage.form === 'cluster' ? 1 : 0;
  return [
    { what: 'Redis', dollars: inCluster * redis.gigabyteHour * redis.gigabytes * HOURS },
    { what: 'Kubernetes: cores and memory', dollars: inCluster * cores * HOURS },
    {
      what: 'Load balancing',
      dollars:
        inCluster * (balancing.rulesHour * HOURS + usage.balancedGibibytes * balancing.gibibyte),
    },
    {
      what: 'One machine, its disk and its address',
      dollars: (1 - inCluster) * machineMonth,
    },
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
