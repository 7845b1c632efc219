import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Answer, Service } from './answers.ts';
import { FORM } from './form.ts';
import type { FaultyGateway } from './gateway/faulty-gateway.ts';
import type { TestedGateway } from './gateway/tested-gateway.ts';
import type { Balance } from './ledger.ts';
import { countOurs, describeOurs, describeRepeats, type Repeat } from './repeats.ts';
import { type BegunCase, QUEUED_ROADS, ROAD, type World } from './world.ts';

/** Service must resume within this time after a fault ends. */
const RESUMPTION_PATIENCE_MS = 10_000;
/** Limit for waits without another one, as a run that gets stuck must end. */
const STUCK_MS = FORM.name === 'long' ? 300_000 : 150_000;
const LOOK_EVERY_MS = 10;
const SETTLE_LOOK_MS = 200;
/** The part of a case's accepted parcels that may be handed over again by the gateway’s doing. */
const MOST_OURS = 0.01;

/** Whether these were in time is checked at the end. */
const REFUSALS: readonly Answer[] = ['later', 'late', 'starved'];

/** What happens to the gateway, and what its clients may notice. */
export interface FaultCase<Gateway extends TestedGateway = FaultyGateway> {
  /** Begins the fault. */
  readonly begin: (world: World<Gateway>) => Promise<void> | void;
  /** Ends it; service must resume by itself then. */
  readonly end: (world: World<Gateway>) => Promise<void> | void;
  /** Services that must be refused for now while the fault lasts. */
  readonly refused?: readonly Service[];
  /** Services that must go on while the fault lasts. */
  readonly unharmed?: readonly Service[];
  /** Whether connections may be cut or refused, as processes end and start. */
  readonly mayCut?: boolean;
  /** Parcels that the gateway had in hand when it was lost, at most: these may come again. */
  readonly inHand?: number;
  /** Whether all must have arrived at the end; otherwise it is enough that the rest is stored. */
  readonly allArrives?: boolean;
  /** Minimum duration in milliseconds; the fault always lasts until clients have noticed it. */
  readonly lastsMs?: number;
}

/** What a case says of its clients, whatever the gateway. */
type Expectations = Pick<FaultCase, 'refused' | 'unharmed' | 'mayCut'>;

/**
 * Lets a fault come and go under load, and fails unless clients were answered as
 * they must be, service resumed in time, and the ledger closes.
 */
export async function undergo<Gateway extends TestedGateway>(
  t: TestContext,
  world: World<Gateway>,
  fault: FaultCase<Gateway>,
): Promise<void> {
  const { load } = world;
  const itself: BegunCase = {
    name: t.name,
    atMs: performance.now(),
    mostOurs: Number.POSITIVE_INFINITY,
  };
  world.cases.push(itself);
  const acceptedBefore = load.ledger.accepted;
  const accepted = () => load.ledger.accepted - acceptedBefore;
  const repeatsBefore = load.ledger.repeats.length;
  load.answers.clear();
  load.startSending();
  try {
    await until('parcels are accepted', () => accepted() >= FORM.parcelsPerCase / 3);
    await comeAndGo(world, fault);
    const resumption = await untilResumed(world);
    await until('parcels are accepted again', () => accepted() >= FORM.parcelsPerCase);
    load.stopSending();
    await until('what was begun is done', () => load.isQuiet);
    const { allArrives = false } = fault;
    const balance = await settle(world, allArrives ? STUCK_MS : FORM.settleMs);
    const repeats = load.ledger.repeats.slice(repeatsBefore);
    report(t, world, { accepted: accepted(), resumption, balance, repeats });
    assertAnswers(world, fault);
    assert.deepEqual(balance.missing, [], 'parcels were lost');
    assert.deepEqual(balance.misdelivered, [], 'parcels were handed to others');
    assert.ok(!allArrives || balance.stored === 0, `${balance.stored} parcels never arrived`);
    itself.mostOurs = Math.max(fault.inHand ?? 1, accepted() * MOST_OURS);
    assertFewRepeats(world);
  } catch (error) {
    // The reporter prints the cause only at the end of the run.
    const [reason] = String(error).split('\n');
    t.diagnostic(`${t.name}: FAILED after ${accepted()} were accepted: ${reason}`);
    throw error;
  } finally {
    load.stopSending();
  }
}

async function comeAndGo<Gateway extends TestedGateway>(
  world: World<Gateway>,
  fault: FaultCase<Gateway>,
): Promise<void> {
  const begunAtMs = performance.now();
  try {
    await fault.begin(world);
    await untilNoticed(world, fault, begunAtMs);
    await pause(Math.max(0, (fault.lastsMs ?? 0) - (performance.now() - begunAtMs)));
  } finally {
    // Even if this case failed, the next must not suffer from its fault.
    await fault.end(world);
  }
}

function report(
  t: TestContext,
  { load: { answers } }: World<TestedGateway>,
  made: {
    readonly accepted: number;
    readonly resumption: Resumption;
    readonly balance: Balance;
    readonly repeats: readonly Repeat[];
  },
): void {
  const starved = answers.of('starved').length;
  const slowest = answers.slowestRefusal;
  const refusals = slowest
    ? `refused within ${Math.round(slowest.tookMs)} ms (${slowest.service})`
    : 'nothing refused';
  t.diagnostic(
    `${t.name}: ${made.accepted} accepted, ` +
      `back after ${made.resumption.tookMs} ms (last: ${made.resumption.last}), ` +
      `${refusals}, ${describe(made.balance)}` +
      `${starved > 0 ? `; ${starved} not answered in time on a machine too busy to tell` : ''}`,
  );
  const ours = countOurs(made.repeats);
  t.diagnostic(
    `${made.repeats.length} handed over again in this case, ${ours} of them by our doing`,
  );
  for (const line of describeRepeats(made.repeats)) {
    t.diagnostic(line);
  }
}

/**
 * The promise is at least once; nearly always it must be exactly once. Whose process died may come
 * again only in the next case, once its job goes to another: it counts for the case in which it was
 * handed over before.
 */
function assertFewRepeats(world: World<TestedGateway>): void {
  const { repeats } = world.load.ledger;
  for (const [index, { name, atMs, mostOurs }] of world.cases.entries()) {
    const endMs = world.cases[index + 1]?.atMs ?? Number.POSITIVE_INFINITY;
    const its = repeats.filter(({ before }) => before.atMs >= atMs && before.atMs < endMs);
    const ours = countOurs(its);
    assert.ok(
      ours <= mostOurs,
      `${name}: ${ours} parcels were handed over again by our doing, of ${mostOurs}:\n${describeOurs(its).join('\n')}`,
    );
  }
}

async function untilNoticed(
  world: World<TestedGateway>,
  { refused = [], unharmed = [] }: Expectations,
  begunAtMs: number,
): Promise<void> {
  const { answers } = world.load;
  const lacking = () => [
    ...refused.filter((service) => !REFUSALS.some((each) => answers.has(service, each, begunAtMs))),
    ...unharmed.filter((service) => !answers.has(service, 'served', begunAtMs)),
  ];
  await until(
    () => `clients notice what they must, but: ${lacking()}`,
    () => lacking().length === 0,
  );
}

/** How long it took until service resumed, and what resumed last. */
interface Resumption {
  readonly tookMs: number;
  readonly last: string;
}

async function untilResumed({ load, starvation }: World<TestedGateway>): Promise<Resumption> {
  const { ledger, answers } = load;
  const sinceMs = performance.now();
  let last = '';
  const hasResumed = (road: string) =>
    QUEUED_ROADS.includes(road)
      ? ledger.hasMovedSince(road, sinceMs)
      : ledger.hasArrivedSince(road, sinceMs);
  const lacking = () => {
    const names = [
      ...Object.values(ROAD).filter((road) => !hasResumed(road)),
      ...(answers.has('register', 'served', sinceMs) ? [] : ['register']),
      ...(answers.has('collect', 'served', sinceMs) ? [] : ['collect']),
    ];
    last = names.at(-1) ?? last;
    return names;
  };
  await until(
    () => `service resumes by itself, but: ${lacking()}`,
    () => lacking().length === 0,
    () => Math.min(STUCK_MS, RESUMPTION_PATIENCE_MS + starvation.lostMsSince(sinceMs)),
  );
  return { tookMs: Math.round(performance.now() - sinceMs), last };
}

function assertAnswers({ load }: World<TestedGateway>, { mayCut = false }: Expectations): void {
  const { answers } = load;
  const wrong: Answer[] = mayCut ? ['blamed', 'late'] : ['blamed', 'late', 'silent', 'cut'];
  assert.deepEqual(answers.of(...wrong), [], 'clients were answered badly');
}

/** Waits until all is handed over, or time is up; then looks in the store for the rest. */
async function settle(world: World<TestedGateway>, patienceMs: number): Promise<Balance> {
  const { ledger } = world.load;
  const before = world.leftBehind;
  const giveUpAtMs = performance.now() + patienceMs;
  const isWaiting = () => ledger.outstanding().some((id) => !before.has(id));
  while (isWaiting() && performance.now() < giveUpAtMs) {
    await world.fetchCargo();
    await pause(SETTLE_LOOK_MS);
  }
  world.leftBehind = new Set(ledger.outstanding());
  // Listed only now, as an older listing may lack what was moved since.
  return ledger.balance({ now: new Date(), stored: await world.gateway.storedKeys() });
}

function describe({ accepted, handedOver, expired, stored }: Balance): string {
  return `in all ${accepted}: ${handedOver} handed over, ${expired} expired, ${stored} stored`;
}

/** @throws if it does not come true in time */
export async function until(
  what: string | (() => string),
  isTrue: () => boolean,
  patienceMs: () => number = () => STUCK_MS,
): Promise<void> {
  const startMs = performance.now();
  while (!isTrue()) {
    if (performance.now() > startMs + patienceMs()) {
      assert.fail(`not within ${patienceMs()} ms: ${typeof what === 'string' ? what : what()}`);
    }
    await pause(LOOK_EVERY_MS);
  }
}
