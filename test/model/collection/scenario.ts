import fc from 'fast-check';
import type { NodeId } from '#awala/node-id.ts';
import type { ParcelIdentity } from '#gateway/held/object-keys.ts';
import { LONGEST_PUT_MS } from '#held-index/port.ts';
import type { Fault } from './faults.ts';
import { NEWEST } from './interleaver.ts';

export type PrivateGateway = 'A' | 'B';

export const PRIVATE_GATEWAYS: Readonly<Record<PrivateGateway, NodeId>> = {
  A: `0${'a'.repeat(64)}`,
  B: `0${'b'.repeat(64)}`,
};
export const MAX_PARCEL_OCTETS = 400;

const MAX_PEERS = 3;
const LONG_LIFE_MS = 90 * 24 * 3_600_000;

export interface PeerPlan {
  readonly privateGateways: readonly PrivateGateway[];
  readonly keepAlive: boolean;
  readonly window: number;
}

/** Two with the same name replace each other. */
export interface ParcelName {
  readonly to: PrivateGateway;
  readonly parcel: number;
}

export interface ParcelPlan extends ParcelName {
  readonly octets: number;
  readonly lifeMs: number;
}

/** Something that happens to the index, or in it. */
export type IndexEvent =
  | { what: 'census' | 'replicates' | 'fails over' | 'goes away' | 'comes back' }
  /** And starts anew, or somebody removed everything. */
  | { what: 'is emptied'; restarts: boolean }
  | { what: 'fails a call'; moment: Fault };

/** Something from outside that happens at some moment of a run. */
export type Action =
  | { type: 'index'; event: IndexEvent }
  | ({ type: 'store' } & ParcelPlan)
  /** One of those that are at it; `arrives`: what it has sent still does. */
  | { type: 'kill a publisher'; which: number; arrives: boolean }
  /** As a courier brings it: whichever generation is stored is deleted. */
  | ({ type: 'acknowledge in cargo' } & ParcelName)
  | { type: 'connect' | 'disconnect' | 'pause' | 'resume'; peer: number }
  /** A courier's peer acknowledges the parcel: it is deleted by someone else. */
  | ({ type: 'collect by courier' } & ParcelName)
  | { type: 'pass time'; ms: number }
  | { type: 'interrupt signals' | 'duplicate a signal' }
  | { type: 'lose a signal' | 'fail a subscription' }
  | { type: 'fail a call'; moment: Exclude<Fault, 'late'> };

export interface Scenario {
  readonly peers: readonly PeerPlan[];
  readonly actions: readonly Action[];
  /** Parcels up to this size travel with their signals. */
  readonly maxSignalledOctets: number;
  /** See {@link GivenChoices}. */
  readonly choices: readonly number[];
}

/** Who a parcel is from and for. */
export function identityOf({ to, parcel }: ParcelName): ParcelIdentity {
  const other = `0${'e'.repeat(64)}`;
  const privateGateway = PRIVATE_GATEWAYS[to];
  return { privateGateway, recipient: other, sender: other, parcelId: String(parcel) };
}

const anySignalledOctets = fc.constantFrom(0, MAX_PARCEL_OCTETS / 2, MAX_PARCEL_OCTETS);
const anyPrivateGateway = fc.constantFrom<PrivateGateway[]>('A', 'B');
const anyParcel = fc.nat({ max: 3 });
const anyPeer = fc.nat({ max: MAX_PEERS - 1 });

const anyPeerPlan: fc.Arbitrary<PeerPlan> = fc.record({
  privateGateways: fc.constantFrom<PrivateGateway[][]>(['A'], ['B'], ['A', 'B']),
  keepAlive: fc.constantFrom(true, true, false),
  window: fc.integer({ min: 1, max: 3 }),
});

const storing: fc.Arbitrary<Action> = fc.record({
  type: fc.constant('store' as const),
  to: anyPrivateGateway,
  parcel: anyParcel,
  octets: fc.integer({ min: 20, max: MAX_PARCEL_OCTETS }),
  lifeMs: fc.constantFrom(LONG_LIFE_MS, LONG_LIFE_MS, LONG_LIFE_MS, 15_000),
});

const peerAction = (type: 'connect' | 'disconnect' | 'pause' | 'resume'): fc.Arbitrary<Action> =>
  fc.record({ type: fc.constant(type), peer: anyPeer });

const calmActions = [
  { weight: 8, arbitrary: storing },
  { weight: 4, arbitrary: peerAction('connect') },
  { weight: 1, arbitrary: peerAction('disconnect') },
  { weight: 1, arbitrary: peerAction('pause') },
  { weight: 1, arbitrary: peerAction('resume') },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('collect by courier' as const),
      to: anyPrivateGateway,
      parcel: anyParcel,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('pass time' as const),
      ms: fc.constantFrom(1_000, 10_000, 20_000, 5 * 60_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('interrupt signals' as const, 'duplicate a signal' as const),
    }),
  },
] satisfies fc.WeightedArbitrary<Action>[];

const stormyActions = [
  ...calmActions,
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom('lose a signal' as const, 'fail a subscription' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('fail a call' as const),
      moment: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
] satisfies fc.WeightedArbitrary<Action>[];

const indexEvent: fc.Arbitrary<IndexEvent> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ what: 'census' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('fails a call' as const),
      moment: fc.constantFrom<Fault[]>('before', 'after', 'later', 'late'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constantFrom(
        'replicates' as const,
        'fails over' as const,
        'goes away' as const,
        'comes back' as const,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('is emptied' as const), restarts: fc.boolean() }),
  },
);

const indexedActions = [
  ...stormyActions,
  {
    weight: 8,
    arbitrary: fc.record({ type: fc.constant('index' as const), event: indexEvent }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('kill a publisher' as const),
      which: fc.nat({ max: 2 }),
      arrives: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('acknowledge in cargo' as const),
      to: anyPrivateGateway,
      parcel: anyParcel,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('pass time' as const),
      ms: fc.constant(LONGEST_PUT_MS + 1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('fail a call' as const),
      moment: fc.constant('later' as const),
    }),
  },
] satisfies fc.WeightedArbitrary<Action>[];

/** Nothing fails, and signals are lost only with notice. */
export const calmScenario = scenario(calmActions);

/** The backing fails at times, and signals are lost unnoticed. */
export const stormyScenario = scenario(stormyActions);

/** As stormy, with publishers that die and an index that fails and forgets. */
export const indexedScenario = scenario(indexedActions);

const RIVALRY: readonly Action[] = [
  { type: 'connect', peer: 0 },
  { type: 'store', to: 'A', parcel: 0, octets: 20, lifeMs: LONG_LIFE_MS },
  { type: 'store', to: 'A', parcel: 0, octets: 20, lifeMs: LONG_LIFE_MS },
];

/** Two puts of one parcel at once, while it is collected: too long to be told in every order. */
export const rivalScenario: fc.Arbitrary<Scenario> = fc.record({
  peers: fc.constant([{ privateGateways: ['A' as const], keepAlive: true, window: 1 }]),
  actions: fc.constant(RIVALRY),
  maxSignalledOctets: anySignalledOctets,
  choices: anyChoices(),
});

function scenario(actions: fc.WeightedArbitrary<Action>[]): fc.Arbitrary<Scenario> {
  return fc.record({
    peers: fc.array(anyPeerPlan, { minLength: 1, maxLength: MAX_PEERS }),
    actions: fc.array(fc.oneof(...actions), { maxLength: 16, size: 'max' }),
    maxSignalledOctets: anySignalledOctets,
    choices: anyChoices(),
  });
}

function anyChoices(): fc.Arbitrary<number[]> {
  return fc.oneof(choices(0), choices(1), choices(4));
}

function choices(newestWeight: number): fc.Arbitrary<number[]> {
  const any = { weight: 1, arbitrary: fc.nat({ max: NEWEST - 1 }) };
  const newest = { weight: newestWeight, arbitrary: fc.constant(NEWEST) };
  return fc.array(fc.oneof(any, newest), { maxLength: 200, size: 'max' });
}
