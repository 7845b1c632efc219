/** How much the tests of this folder do. */
interface Form {
  readonly name: 'long' | 'short';
  /** Parcels that must be accepted in each case. */
  readonly parcelsPerCase: number;
  /** How often a process dies in a case. */
  readonly deaths: number;
  /** How long a backing service stays away, at least. */
  readonly outageMs: number;
  /** Between a client's parcels. */
  readonly pauseMs: number;
  /** Until what was accepted must be handed over, or is looked for in the store. */
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
