import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { delay } from '#clock/clock.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { Census } from '#gateway/held/census.ts';
import { GATEWAY_BOUND_PREFIX, mailboxPrefix } from '#gateway/held/object-keys.ts';
import {
  type CensusClaim,
  type HeldIndex,
  type HeldTotals,
  type IndexEntry,
  PARTS,
  type Part,
  plus,
} from '#held-index/port.ts';
import { silentLog } from '#log/log.ts';
import type { ObjectEntry, ObjectStore } from '#object-store/port.ts';
import { readConfiguration } from '#runtime/configuration/configuration.ts';
import { WORKERS_VARIABLES } from './config.ts';
import { CENSUS_LIMITS } from './limits.ts';

/** As they are unless operators say otherwise. */
const LIMITS = {
  ...CENSUS_LIMITS,
  intervalMs: readConfiguration({}, WORKERS_VARIABLES).censusIntervalMs,
  completeMs: Number.POSITIVE_INFINITY,
};
const OBJECTS = 50_000_000;
const PAGE = 1_000;
const PER_MAILBOX = 5;
const PAGES_OF_PART = 10;
const SIMULATED = PARTS.length * PAGES_OF_PART * PAGE;
/** Keys that Redis looks at in one step, of whichever part. */
const SCANNED_AT_ONCE = 1_000;
const NEVER = new AbortController().signal;
const EXPIRES_AT = new Date('2027-01-01T00:00:00Z');

/** Cloud Storage and Redis as they are. */
const USUAL: Times = { pageMs: 100, indexMs: 1 };

interface Times {
  /** Until a page of a listing is there. */
  readonly pageMs: number;
  /** Until the index answers. */
  readonly indexMs: number;
}

/** A store and an index in which each part has as many mailboxes, of which each has as many parcels. */
class World {
  readonly clock = new ManualClock();
  readonly times: Times;
  readonly totals: HeldTotals[] = [];
  readonly #claimed = new Set<Part>();
  listings = 0;
  mostListings = 0;

  constructor(times: Times) {
    this.times = times;
  }

  readonly heldIndex: Pick<HeldIndex, 'claim'> = {
    claim: async (part) => {
      await delay(this.clock, this.times.indexMs);
      return this.#claimed.has(part) ? null : this.#claim(part);
    },
  };

  readonly objects: Pick<ObjectStore, 'list'> = { list: (prefix) => this.#list(prefix) };

  worker(): Census {
    const parts = { clock: this.clock, log: silentLog, mailbox: { signal() {} } };
    // The census asks them for nothing else.
    const objects = this.objects as ObjectStore;
    const heldIndex = this.heldIndex as HeldIndex;
    return new Census({ ...parts, objects, heldIndex }, LIMITS);
  }

  #claim(part: Part): CensusClaim {
    this.#claimed.add(part);
    const answered = async <Answer>(answer: Answer): Promise<Answer> => {
      await delay(this.clock, this.times.indexMs);
      return answer;
    };
    return {
      waitMs: 0,
      mailboxes: () => this.#scan(part),
      entries: async function* (mailbox) {
        yield* await answered(entriesOf(mailbox));
      },
      mend: () => assert.fail('nothing is wrong'),
      renew: () => answered(undefined),
      complete: (totals) => {
        this.totals.push(totals);
        return answered(true);
      },
    };
  }

  async *#scan(part: Part): AsyncGenerator<readonly string[]> {
    const atOnce = SCANNED_AT_ONCE / PARTS.length;
    for (let from = 0; from < (PAGES_OF_PART * PAGE) / PER_MAILBOX; from += atOnce) {
      await delay(this.clock, this.times.indexMs);
      yield Array.from({ length: atOnce }, (_, at) => mailboxOf(part, Math.floor(from + at)));
    }
  }

  async *#list(prefix: string): AsyncGenerator<ObjectEntry> {
    const part = prefix.slice(GATEWAY_BOUND_PREFIX.length + 1);
    this.listings++;
    this.mostListings = Math.max(this.mostListings, this.listings);
    for (let page = 0; page < PAGES_OF_PART; page++) {
      await delay(this.clock, this.times.pageMs);
      yield* pageOf(part, page);
    }
    this.listings--;
  }
}

function mailboxOf(part: Part, at: number): string {
  return `0${part}${at.toString(16).padStart(63, '0')}`;
}

const NAMES = Array.from({ length: PER_MAILBOX }, (_, at) => String(at).padStart(48, '0'));

function entriesOf(mailbox: string): IndexEntry[] {
  return NAMES.map((name) => ({
    name,
    token: mailbox,
    sizeOctets: 1_000,
    expiresAt: EXPIRES_AT,
    addedAt: EXPIRES_AT,
    isSettled: true,
  }));
}

function pageOf(part: Part, page: number): ObjectEntry[] {
  return Array.from({ length: PAGE }, (_, at) => {
    const mailbox = mailboxOf(part, Math.floor((page * PAGE + at) / PER_MAILBOX));
    return {
      key: `${mailboxPrefix(mailbox)}${NAMES[at % PER_MAILBOX]}`,
      generation: '1',
      sizeOctets: 1_000,
      expiresAt: EXPIRES_AT,
      storedAt: new Date(0),
    };
  });
}

/** Counts everything, and tells how long that takes if all times grow with the number of objects. */
async function count(workers: number, times: Times) {
  const world = new World(times);
  const { clock } = world;
  const beganAtMs = clock.elapsedMs();
  let isOver = false;
  const counting = Promise.all(
    Array.from({ length: workers }, (_, at) => world.worker().run(NEVER, () => at / workers)),
  ).finally(() => {
    isOver = true;
  });
  counting.catch(() => {});
  while (!isOver) {
    await setImmediate();
    clock.advance(1);
  }
  await counting;
  assert.equal(world.totals.length, PARTS.length);
  assert.equal(world.totals.reduce(plus).objects, SIMULATED);
  const tookMs = ((clock.elapsedMs() - beganAtMs) * OBJECTS) / SIMULATED;
  return { tookMs, mostListings: world.mostListings };
}

describe('a census of 50 million objects', () => {
  it('ends within its interval, with one worker or three', async () => {
    const [one, three] = [await count(1, USUAL), await count(3, USUAL)];
    const pagesMs = (OBJECTS / PAGE) * USUAL.pageMs;
    assert.ok(one.tookMs >= pagesMs / CENSUS_LIMITS.partsAtOnce, `${one.tookMs}`);
    assert.ok(one.tookMs <= LIMITS.intervalMs, `${one.tookMs} ms`);
    assert.ok(three.tookMs <= one.tookMs, `${three.tookMs} ms, but ${one.tookMs} ms alone`);
  });

  it('slows down with the store, and asks it for no more at once', async () => {
    const [usual, slow] = [await count(1, USUAL), await count(1, { ...USUAL, pageMs: 300 })];
    assert.ok(slow.tookMs > 2.5 * usual.tookMs, `${slow.tookMs} ms instead of ${usual.tookMs}`);
    assert.equal(slow.mostListings, CENSUS_LIMITS.partsAtOnce);
  });

  it('slows down with the index', async () => {
    const [usual, slow] = [await count(1, USUAL), await count(1, { ...USUAL, indexMs: 30 })];
    assert.ok(slow.tookMs > 2 * usual.tookMs, `${slow.tookMs} ms instead of ${usual.tookMs}`);
  });
});
