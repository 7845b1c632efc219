import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LONGEST_ACCEPTING_MS, LONGEST_PUT_MS } from '#held-index/port.ts';
import { type Story, tellInEveryOrder } from './every-order.ts';
import {
  AnyTokenRemover,
  FaultyClaimer,
  HastyFinder,
  HastyReader,
  hearsNothingLate,
  hurries,
  LateAnnouncer,
  settlesAll,
  TidyFetcher,
} from './index-mutants.ts';
import { BrokenPromiseError } from './ledger.ts';
import type { Action, IndexEvent } from './scenario.ts';
import type { World } from './world.ts';

const LONG_LIFE_MS = 90 * 24 * 3_600_000;

const CONNECT: Action = { type: 'connect', peer: 0 };
const CONNECT_ANOTHER: Action = { type: 'connect', peer: 1 };
const PAUSE: Action = { type: 'pause', peer: 0 };
const PAUSE_ANOTHER: Action = { type: 'pause', peer: 1 };
const RESUME_ANOTHER: Action = { type: 'resume', peer: 1 };
const RESUME: Action = { type: 'resume', peer: 0 };
const STORE: Action = { type: 'store', to: 'A', parcel: 0, octets: 20, lifeMs: LONG_LIFE_MS };
const STORE_BRIEFLY: Action = { ...STORE, lifeMs: 15_000 };
const ACKNOWLEDGE_IN_CARGO: Action = { type: 'acknowledge in cargo', to: 'A', parcel: 0 };
const SETTLE: Action = { type: 'pass time', ms: LONGEST_PUT_MS + 1 };
const WAIT: Action = { type: 'pass time', ms: LONGEST_ACCEPTING_MS };
const CENSUS = index({ what: 'census' });
const FAIL_OVER = index({ what: 'fails over' });
const EMPTY = index({ what: 'is emptied', restarts: false });
const WRITTEN_LATE = index({ what: 'fails a call', moment: 'late' });
const NOT_CONFIRMED = index({ what: 'fails a call', moment: 'before' });

/** A parcel that waits for its acknowledgement. */
const SENT = [PAUSE, CONNECT, STORE];

function index(event: IndexEvent): Action {
  return { type: 'index', event };
}

/** What it has sent arrives, or not. */
function killPublisher(arrives: boolean): Action {
  return { type: 'kill a publisher', which: 0, arrives };
}

function tell(story: Story): Promise<number> {
  return tellInEveryOrder(story, { isIndexed: true, check: (world) => world.checkAllCollected() });
}

async function checkAfterCensuses(world: World): Promise<void> {
  await world.settle();
  world.checkAllCollected();
  await world.index?.checkMended();
}

describe('the collection of parcels by an index, in every possible order', () => {
  const delivered: Record<string, Story> = {
    'stored while the collector connects': { actions: [CONNECT, STORE] },
    'stored just before the collector connects': { actions: [STORE, CONNECT] },
    'replaced while it waits': { before: [STORE], actions: [CONNECT, STORE] },
    'replaced while it is acknowledged': { before: SENT, actions: [RESUME, STORE] },
    'stored twice at once': { actions: [STORE, STORE], after: [CONNECT] },
    'collected by two at once': {
      before: [PAUSE, PAUSE_ANOTHER, CONNECT, CONNECT_ANOTHER, STORE],
      actions: [RESUME, RESUME_ANOTHER],
    },
    'replaced while two collect it': {
      before: [PAUSE, PAUSE_ANOTHER, CONNECT, CONNECT_ANOTHER, STORE],
      actions: [RESUME, STORE],
      after: [RESUME_ANOTHER],
    },
    'replaced while a courier acknowledges it': {
      before: [STORE, SETTLE],
      actions: [ACKNOWLEDGE_IN_CARGO, STORE],
      after: [CONNECT],
    },
    'stored while it is counted': { actions: [CENSUS, STORE], after: [CONNECT] },
    'stored before its entry is written, while the collector connects': {
      before: [PAUSE, WRITTEN_LATE],
      actions: [CONNECT, STORE],
      after: [RESUME],
    },
    'replaced before its entry is written, while it is acknowledged': {
      before: [...SENT, WRITTEN_LATE],
      actions: [RESUME, STORE],
    },
    'to be replaced by one that expires, but never is': {
      before: [STORE],
      actions: [STORE_BRIEFLY, killPublisher(false)],
      after: [SETTLE, CONNECT],
    },
  };
  for (const [name, story] of Object.entries(delivered)) {
    it(`delivers a parcel that is ${name}`, async () => {
      assert.ok((await tell(story)) > 1);
    });
  }

  const dying: Record<string, Story> = {
    'of which nothing arrives': { actions: [STORE, killPublisher(false)] },
    'of which the last call arrives': { actions: [STORE, killPublisher(true)] },
    'while a part is counted': { actions: [STORE, CENSUS, killPublisher(false)] },
    'before its entry is written': {
      before: [WRITTEN_LATE],
      actions: [STORE, killPublisher(false)],
    },
    'while its entry is written': { before: [WRITTEN_LATE], actions: [STORE, killPublisher(true)] },
    'before it tells what may be missing': {
      actions: [NOT_CONFIRMED, STORE, killPublisher(true)],
    },
    'that replaces what is acknowledged': {
      before: SENT,
      actions: [RESUME, STORE, killPublisher(true)],
    },
  };
  const forgetting: Record<string, Story> = {
    'fails over': { actions: [STORE, FAIL_OVER, CENSUS] },
    'is emptied': { actions: [STORE, EMPTY, CENSUS] },
    'is counted after an entry was not confirmed': { actions: [NOT_CONFIRMED, STORE, CENSUS] },
  };
  const mended = [
    ...Object.entries(dying).map(([name, story]) => [`a publisher dies ${name}`, story] as const),
    ...Object.entries(forgetting).map(([name, story]) => [`the index ${name}`, story] as const),
  ];
  for (const [name, story] of mended) {
    it(`loses nothing, and is complete and true again after a census, if ${name}`, async () => {
      const telling = { isIndexed: true, relists: true, check: checkAfterCensuses };
      assert.ok((await tellInEveryOrder({ ...story, after: [CONNECT] }, telling)) > 1);
    });
  }

  it('is told by a census of what nobody signalled, without reading again', async () => {
    const actions = [NOT_CONFIRMED, STORE, killPublisher(true)];
    assert.ok((await tell({ before: [CONNECT], actions, after: [CENSUS, WAIT] })) > 1);
  });
});

describe('the model of the index, in every possible order', () => {
  const faults: Record<string, Story> = {
    'a removal whatever the token': {
      before: SENT,
      actions: [RESUME, STORE],
      mutant: { index: (found) => new AnyTokenRemover(found) },
    },
    'a census that completes a part that was withdrawn meanwhile': {
      actions: [CENSUS, NOT_CONFIRMED, STORE],
      mutant: { server: { completionMindsWithdrawals: false } },
    },
    'a census that does not wait for what is about to be stored': {
      actions: [STORE, FAIL_OVER, CENSUS],
      mutant: { index: (found) => new FaultyClaimer(found, hurries) },
    },
    'a census that removes entries that are not settled': {
      actions: [STORE, CENSUS],
      mutant: { index: (found) => new FaultyClaimer(found, settlesAll) },
    },
    'a mark that is not tied to the memory of its server': {
      actions: [STORE, FAIL_OVER],
      mutant: { server: { marksNameMemory: false } },
    },
    'a collector that removes the entry of what it does not find': {
      actions: [STORE, CONNECT],
      mutant: { mailbox: (parts) => new TidyFetcher(parts) },
    },
    'a publisher that announces after the put': {
      actions: [STORE, killPublisher(false)],
      mutant: { publisher: (parts) => new LateAnnouncer(parts) },
    },
    'a collector that removes what it read before that was settled': {
      before: [STORE],
      actions: [STORE, CONNECT],
      mutant: { index: (found) => new HastyReader(found) },
    },
    'an acknowledgement in cargo that removes what is not settled': {
      before: [STORE],
      actions: [STORE, ACKNOWLEDGE_IN_CARGO],
      mutant: { index: (found) => new HastyFinder(found) },
    },
  };
  for (const [fault, story] of Object.entries(faults)) {
    it(`catches ${fault}`, async () => {
      await assert.rejects(
        tell({ ...story, after: [CONNECT] }),
        (error) =>
          error instanceof BrokenPromiseError &&
          error.promised === 'a complete index lacks nothing that is stored',
      );
    });
  }

  it('catches a publisher that does not signal again what is written late', async () => {
    const mutant = { publisher: hearsNothingLate };
    const story = { before: [WRITTEN_LATE], actions: [CONNECT, STORE], mutant };
    await assert.rejects(
      tell(story),
      (error) => error instanceof BrokenPromiseError && error.promised === 'nothing is lost',
    );
  });
});
