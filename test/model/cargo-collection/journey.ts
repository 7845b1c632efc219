import fc from 'fast-check';

/** How a courier behaves in one call. */
export interface CallPlan {
  /** It hangs up while it gets the next cargo after so many acknowledgements; null to go on until its deadline. */
  readonly hangsUpAfter: number | null;
  /** The cargo, counted from 0, that it never acknowledges; null for none. */
  readonly forgets: number | null;
  /** Octets of parcels that arrive for the phone before the call. */
  readonly arrivals: readonly number[];
  /** Whether the first parcel of all is replaced before the call, by one so large; null if not. */
  readonly replacement: number | null;
}

/** A courier that comes again and again with one CCA. */
export interface Journey {
  /** Octets of the parcels that are held before the first call. */
  readonly parcels: readonly number[];
  /** Acknowledgements (PCAs) that there are for the phone. */
  readonly pcas: number;
  readonly octetsPerSecond: number;
  readonly latencyMs: number;
  readonly deadlineMs: number;
  readonly takesOversize: boolean;
  /** After these calls, the courier acknowledges all and goes on until its deadline. */
  readonly calls: readonly CallPlan[];
}

/** Of each class of size, and around the ends of classes. */
const parcelOctets = fc.oneof(
  fc.integer({ min: 40, max: 20_000 }),
  fc.integer({ min: 16_380, max: 300_000 }),
  fc.integer({ min: 260_000, max: 1_200_000 }),
  fc.constantFrom(16_384, 16_385, 65_536, 65_537, 131_072, 262_144, 600_000, 700_000),
);

const callPlan: fc.Arbitrary<CallPlan> = fc.record({
  hangsUpAfter: fc.option(fc.integer({ min: 1, max: 3 }), { freq: 2 }),
  forgets: fc.option(fc.integer({ min: 1, max: 3 }), { freq: 2 }),
  arrivals: fc.array(parcelOctets, { maxLength: 2 }),
  replacement: fc.option(parcelOctets, { freq: 4 }),
});

export const journey: fc.Arbitrary<Journey> = fc.record({
  parcels: fc.array(parcelOctets, { maxLength: 9 }),
  pcas: fc.integer({ min: 0, max: 5 }),
  octetsPerSecond: fc.constantFrom(12_500, 50_000, 125_000, 400_000, 5_000_000),
  latencyMs: fc.constantFrom(5, 100, 600),
  deadlineMs: fc.constantFrom(3_000, 5_000),
  takesOversize: fc.boolean(),
  calls: fc.array(callPlan, { maxLength: 5 }),
});

/** The same, in which up to two calls bring nothing although they could: as many as a parcel survives. */
export const unluckyJourney: fc.Arbitrary<Journey> = fc
  .record({ journey, unlucky: fc.uniqueArray(fc.nat({ max: 4 }), { maxLength: 2 }) })
  .map(({ journey: plan, unlucky }) => {
    const calls = [...plan.calls];
    for (const index of unlucky) {
      calls.splice(index, 0, { ...NOTHING_COMES, arrivals: [], replacement: null });
    }
    return { ...plan, calls };
  });

const NOTHING_COMES = { hangsUpAfter: 0, forgets: null };
