/** How much the tests of this folder do. */
interface Form {
  readonly name: 'long' | 'short';
  /** Parcels that must be accepted in each case. */
  readonly parcelsPerCase: number;
  /** Deaths of a process in a case. */
  readonly deaths: number;
  /** Minimum time that a backing service stays away. */
  readonly outageMs: number;
  /** Pause between a client's parcels. */
  readonly pauseMs: number;
  /** How long to wait for accepted parcels to be handed over, before looking in the store. */
  readonly settleMs: number;
}

const SHORT: Form = {
  name: 'short',
  parcelsPerCase: 16,
  deaths: 1,
  outageMs: 0,
  pauseMs: 250,
  settleMs: 20_000,
};

/** Some 20 000 parcels in all. */
const LONG: Form = {
  name: 'long',
  parcelsPerCase: 560,
  deaths: 2,
  outageMs: 12_000,
  pauseMs: 80,
  settleMs: 90_000,
};

/** The long form is that of `npm run test:faults`; `npm test` runs the same cases in short. */
export const FORM: Form = process.env.TEST_LONG ? LONG : SHORT;
