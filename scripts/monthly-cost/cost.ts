import { hostingCost } from './hosting.ts';
import { PRICES } from './prices.ts';
import { MOST_CPU, type Usage, usageOf } from './usage.ts';

/** What a month on the five services may cost at most, as `npm run bench -- --check` holds it. */
export const MARKS = {
  large: { phones: 10_000_000, dollars: 29_000 },
  /** What it cost while phones that connected listed their mailboxes. */
  small: { phones: 1_000, dollars: 568 },
} as const;

/** A line of the bill. */
export interface CostLine {
  readonly what: string;
  /** 0 for what that form of the gateway does not have. */
  readonly dollars: number;
}

/** What that usage costs in a month, by Google service. */
export function costOf(usage: Usage): CostLine[] {
  const { storage, firestore, kms } = PRICES;
  const listings = usage.censusListings + usage.visitListings;
  return [
    { what: 'Cloud Storage: uploads (class A)', dollars: usage.uploads * storage.classA },
    { what: 'Cloud Storage: listings (class A)', dollars: listings * storage.classA },
    { what: 'Cloud Storage: downloads (class B)', dollars: usage.downloads * storage.classB },
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

/** What that usage costs in a month, in US dollars. */
export function totalCost(usage: Usage): number {
  return costOf(usage).reduce((sum, { dollars }) => sum + dollars, 0);
}

/**
 * Up to how many milliseconds of CPU time, for what a phone does in a day, that many phones on the five
 * services cost no more. Where they cost more than 15 pods do anyway.
 *
 * @param most - US dollars a month
 */
export function affordableCpuMs(phones: number, most: number): number {
  const { busy, steady } = MOST_CPU;
  const costAt = (ms: number) => totalCost(usageOf(phones, 'cluster', { busy: ms, steady }));
  const dollarsPerMs = (costAt(busy) - costAt(busy / 2)) / (busy / 2);
  return busy + (most - costAt(busy)) / dollarsPerMs;
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
