import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_MESSAGE_IN_SET_OCTETS } from '#awala/cargo/message-set.ts';
import { Budget } from '#bounds/budget.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { type Log, silentLog } from '#log/log.ts';
import { RecordedLog } from '#test/end-to-end/workers/recorded.ts';
import { until } from '#test/runtime/until.ts';
import { CargoBatches, type GatheredCargo } from './cargo-batches.ts';
import type { CargoItem, CargoMessage } from './collection-contents.ts';

const expiresAt = new Date('2026-02-01T00:00:00Z');
const limits = { aheadItems: 8, aheadOctets: 1_000_000, gatheringMs: 100 };

interface Fetch {
  readonly place: string;
  readonly answer: (message: CargoMessage | null) => void;
  readonly fail: (error: Error) => void;
}

class Gathering implements Disposable {
  readonly clock = new ManualClock();
  readonly budget: Budget;
  readonly over = new AbortController();
  readonly fetches: Fetch[] = [];
  readonly batches: CargoBatches;

  /** @param given - the contents, or their sizes */
  constructor(
    given: readonly number[] | AsyncIterable<CargoItem>,
    options: { budgetOctets?: number; isSlow?: boolean; log?: Log } = {},
  ) {
    const { budgetOctets = 100_000_000, isSlow = false, log = silentLog } = options;
    this.budget = new Budget(budgetOctets);
    const parts = { budget: this.budget, clock: this.clock, log };
    const contents = Symbol.asyncIterator in given ? given : this.#contents(given, isSlow);
    this.batches = new CargoBatches(parts, contents, limits, this.over.signal);
  }

  /** Gathers all, giving each cargo's memory back at once. */
  async all(maxOctets: number): Promise<GatheredCargo[]> {
    const cargoes: GatheredCargo[] = [];
    for (
      let cargo = await this.batches.next(maxOctets);
      cargo;
      cargo = await this.batches.next(maxOctets)
    ) {
      cargoes.push(cargo);
      cargo.release();
    }
    return cargoes;
  }

  [Symbol.dispose](): void {
    this.over.abort(new Error('the test is over'));
  }

  async *#contents(sizes: readonly number[], isSlow: boolean): AsyncGenerator<CargoItem> {
    for (const [index, size] of sizes.entries()) {
      const place = `2/${String(index).padStart(4, '0')}`;
      const message = { octets: new Uint8Array(size).fill(index), expiresAt };
      yield { place, sizeOctets: size, read: () => this.#read(place, isSlow ? null : message) };
    }
  }

  #read(place: string, message: CargoMessage | null): Promise<CargoMessage | null> {
    if (message) {
      return Promise.resolve(message);
    }
    return new Promise((answer, fail) => {
      this.fetches.push({ place, answer, fail });
    });
  }
}

function itemAt(place: string, sizeOctets: number): CargoItem {
  const read = async () => ({ octets: new Uint8Array(sizeOctets), expiresAt });
  return { place, sizeOctets, read };
}

describe('CargoBatches', () => {
  it('gathers in order, as much as fits into each cargo', async () => {
    using gathering = new Gathering([100, 100, 100, 300, 50]);
    const cargoes = await gathering.all(250);
    assert.deepEqual(
      cargoes.map(({ messages }) => messages.map((message) => message[0])),
      [[0, 1], [2], [3], [4]],
    );
    assert.deepEqual(
      cargoes.flatMap(({ stretches }) => stretches.map(({ after, upTo }) => [after, upTo])),
      [
        ['', '2/0001'],
        ['2/0001', '2/0002'],
        ['2/0002', '2/0003'],
        ['2/0003', '2/0004'],
      ],
    );
    assert.equal(gathering.budget.held, 0);
  });

  it('covers apart what was not listed in one go', async () => {
    const over = new AbortController();
    const parts = {
      budget: new Budget(1_000),
      clock: new ManualClock(),
      log: silentLog,
    };
    async function* contents(): AsyncGenerator<CargoItem> {
      const read = async () => ({ octets: new Uint8Array(10), expiresAt });
      yield { place: '2/0/a', sizeOctets: 10, read };
      yield { place: '2/0/b', sizeOctets: 10, read };
      yield { place: '3/a', after: '3/', sizeOctets: 10, read: async () => null };
      yield { place: '3/b', sizeOctets: 10, read };
      yield { place: '2/1/a', after: '2/1/', sizeOctets: 10, read };
    }
    const batches = new CargoBatches(parts, contents(), limits, over.signal);
    const cargo = await batches.next(1_000);
    assert.deepEqual(cargo?.stretches, [
      { after: '', upTo: '2/0/b' },
      { after: '3/', upTo: '3/b' },
      { after: '2/1/', upTo: '2/1/a' },
    ]);
    over.abort();
  });

  it('has nothing to give when there is nothing', async () => {
    using gathering = new Gathering([]);
    assert.equal(await gathering.batches.next(1_000), null);
  });

  it('fetches ahead, but no more than its bound', async () => {
    using gathering = new Gathering(new Array(20).fill(10), { isSlow: true });
    await until(() => gathering.fetches.length === limits.aheadItems);
    await turn();
    assert.equal(gathering.fetches.length, limits.aheadItems);
  });

  it('keeps the order whatever the order of the answers, and skips what is gone', async () => {
    using gathering = new Gathering([10, 10, 10], { isSlow: true });
    const next = gathering.batches.next(1_000);
    await until(() => gathering.fetches.length === 3);
    const [first, second, third] = gathering.fetches;
    third?.answer({ octets: Uint8Array.of(3), expiresAt });
    second?.answer(null);
    first?.answer({ octets: Uint8Array.of(1), expiresAt });
    const cargo = await next;
    assert.deepEqual(
      cargo?.messages.map((message) => message[0]),
      [1, 3],
    );
    assert.equal(cargo.stretches[0]?.upTo, '2/0002');
  });

  it('closes a cargo that has waited long enough for more', async () => {
    using gathering = new Gathering([10, 10], { isSlow: true });
    const next = gathering.batches.next(1_000);
    await until(() => gathering.fetches.length === 2);
    gathering.fetches[0]?.answer({ octets: Uint8Array.of(1), expiresAt });
    await turn();
    gathering.clock.advance(limits.gatheringMs);
    assert.equal((await next)?.messages.length, 1);
  });

  it('closes a cargo when there is no memory for more, and goes on once there is', async () => {
    using gathering = new Gathering([100_000, 100_000], { budgetOctets: 500_000 });
    const first = await gathering.batches.next(1_000_000);
    assert.equal(first?.messages.length, 1);
    const second = gathering.batches.next(1_000_000);
    first.release();
    const last = await second;
    assert.equal(last?.messages.length, 1);
    last.release();
    assert.equal(gathering.budget.held, 0);
  });

  it('waits for its first message, however long that takes', async () => {
    using gathering = new Gathering([10], { isSlow: true });
    const next = gathering.batches.next(1_000);
    await until(() => gathering.fetches.length === 1);
    gathering.clock.advance(limits.gatheringMs);
    await turn();
    gathering.fetches[0]?.answer({ octets: Uint8Array.of(1), expiresAt });
    assert.equal((await next)?.messages.length, 1);
  });

  it('waits for more again once there was memory', async () => {
    const over = new AbortController();
    const parts = { budget: new Budget(400_000), clock: new ManualClock(), log: silentLog };
    const listed = Promise.withResolvers<void>();
    async function* contents(): AsyncGenerator<CargoItem> {
      yield itemAt('2/a', 100_000);
      yield itemAt('2/b', 100_000);
      await listed.promise;
      yield itemAt('2/c', 10);
    }
    const batches = new CargoBatches(parts, contents(), limits, over.signal);
    const first = await batches.next(1_000_000);
    assert.equal(first?.messages.length, 1);
    await turn();
    first.release();
    const next = batches.next(1_000_000);
    await turn();
    listed.resolve();
    assert.equal((await next)?.messages.length, 2);
    over.abort();
  });

  it('does not stand still when many gather in little memory', async () => {
    const budget = new Budget(500_000);
    const over = new AbortController();
    const parts = { budget, clock: new ManualClock(), log: silentLog };
    async function* contents(): AsyncGenerator<CargoItem> {
      for (let index = 0; index < 10; index++) {
        const message = { octets: new Uint8Array(90_000), expiresAt };
        yield { place: `2/${index}`, sizeOctets: 90_000, read: async () => message };
      }
    }
    async function gatherAll(): Promise<number> {
      const batches = new CargoBatches(parts, contents(), limits, over.signal);
      let messages = 0;
      for (let cargo = await batches.next(400_000); cargo; cargo = await batches.next(400_000)) {
        messages += cargo.messages.length;
        await turn();
        cargo.release();
      }
      return messages;
    }
    assert.deepEqual(
      await Promise.all(Array.from({ length: 8 }, gatherAll)),
      new Array(8).fill(10),
    );
    assert.equal(budget.held, 0);
    over.abort();
  });

  it('reports a failed fetch once what comes before it was gathered', async () => {
    using gathering = new Gathering([10, 10], { isSlow: true });
    await until(() => gathering.fetches.length === 2);
    gathering.fetches[0]?.answer({ octets: Uint8Array.of(1), expiresAt });
    gathering.fetches[1]?.fail(new Error('down'));
    await assert.rejects(gathering.all(1_000), /down/);
  });

  it('goes on behind what cannot be read, which no stretch covers, and tells in the end', async () => {
    using gathering = new Gathering([10, 10, 10], { isSlow: true });
    await until(() => gathering.fetches.length === 3);
    const [first, second, third] = gathering.fetches;
    second?.fail(new Error('down'));
    first?.answer({ octets: Uint8Array.of(1), expiresAt });
    third?.answer({ octets: Uint8Array.of(3), expiresAt });
    const cargo = await gathering.batches.next(1_000);
    assert.deepEqual(
      cargo?.messages.map((message) => message[0]),
      [1, 3],
    );
    assert.deepEqual(cargo.stretches, [
      { after: '', upTo: '2/0000' },
      { after: '2/0001', upTo: '2/0002' },
    ]);
    cargo.release();
    await assert.rejects(gathering.batches.next(1_000), /down/);
    assert.equal(gathering.budget.held, 0);
  });

  it('gives up when too much cannot be read', async () => {
    using gathering = new Gathering(new Array(40).fill(10), { isSlow: true });
    const next = gathering.batches.next(1_000);
    next.catch(() => {});
    for (let failed = 0; failed <= 16; failed++) {
      await until(() => gathering.fetches.length > failed);
      gathering.fetches[failed]?.fail(new Error('down'));
    }
    await assert.rejects(next, /down/);
  });

  it('goes on behind as many as sixteen messages that cannot be read', async () => {
    using gathering = new Gathering(new Array(17).fill(10), { isSlow: true });
    const next = gathering.batches.next(1_000);
    for (let failed = 0; failed < 16; failed++) {
      await until(() => gathering.fetches.length > failed);
      gathering.fetches[failed]?.fail(new Error('down'));
    }
    await until(() => gathering.fetches.length === 17);
    gathering.fetches[16]?.answer({ octets: Uint8Array.of(17), expiresAt });
    assert.equal((await next)?.messages.length, 1);
  });

  it('fails as its contents do, and frees what it gathered', async () => {
    async function* contents(): AsyncGenerator<CargoItem> {
      yield itemAt('2/a', 10);
      throw new Error('the listing failed');
    }
    using gathering = new Gathering(contents());
    await turn();
    await assert.rejects(gathering.batches.next(1_000), /the listing failed/);
    assert.equal(gathering.budget.held, 0);
  });

  it('leaves out a message that is too large for any cargo, and says so', async () => {
    const log = new RecordedLog();
    async function* contents(): AsyncGenerator<CargoItem> {
      yield itemAt('2/a', 10);
      yield { ...itemAt('3/a', MAX_MESSAGE_IN_SET_OCTETS + 1), after: '3/' };
      yield itemAt('3/b', 10);
      yield itemAt('3/c', 10);
    }
    using gathering = new Gathering(contents(), { log });
    const cargo = await gathering.batches.next(1_000);
    assert.equal(cargo?.messages.length, 3);
    assert.deepEqual(cargo.stretches, [
      { after: '', upTo: '2/a' },
      { after: '3/', upTo: '3/c' },
    ]);
    assert.equal(await gathering.batches.next(1_000), null);
    assert.deepEqual(
      log.lines.map(({ octets }) => octets),
      [MAX_MESSAGE_IN_SET_OCTETS + 1],
    );
  });

  it('takes the largest message that a cargo may have', async () => {
    async function* contents(): AsyncGenerator<CargoItem> {
      yield itemAt('2/a', MAX_MESSAGE_IN_SET_OCTETS);
    }
    using gathering = new Gathering(contents());
    assert.equal((await gathering.batches.next(1_000))?.messages.length, 1);
  });

  it('holds memory for three copies of each message until its cargo is released', async () => {
    using gathering = new Gathering([100, 20]);
    const cargo = await gathering.batches.next(1_000);
    assert.equal(gathering.budget.held, 3 * 120);
    cargo?.release();
    cargo?.release();
    assert.equal(gathering.budget.held, 0);
  });

  it('fetches no more octets ahead than its bound, but one message of any size', async () => {
    using gathering = new Gathering([limits.aheadOctets, 10, 10], { isSlow: true });
    await until(() => gathering.fetches.length === 1);
    await turn();
    assert.equal(gathering.fetches.length, 1);
    const next = gathering.batches.next(10);
    gathering.fetches[0]?.answer({ octets: new Uint8Array(10), expiresAt });
    await until(() => gathering.fetches.length === 3);
    gathering.fetches[1]?.answer({ octets: new Uint8Array(10), expiresAt });
    assert.equal((await next)?.messages.length, 1);
  });

  it('names the parcels in a cargo if the log wants them, and nothing else', async () => {
    for (const wanted of [true, false]) {
      async function* contents(): AsyncGenerator<CargoItem> {
        yield itemAt('1/1', 10);
        yield { ...itemAt('2/a', 10), key: 'parcels/a' };
        yield { ...itemAt('2/b', 10), key: 'parcels/b', read: async () => null };
      }
      const log = { ...silentLog, wants: () => wanted };
      using gathering = new Gathering(contents(), { log });
      const cargo = await gathering.batches.next(1_000);
      assert.deepEqual(cargo?.keys, wanted ? ['parcels/a'] : []);
    }
  });

  it('ends a wait when it is over, and leaves no timer', async () => {
    const gathering = new Gathering([10], { isSlow: true });
    const next = gathering.batches.next(1_000);
    await until(() => gathering.fetches.length === 1);
    gathering[Symbol.dispose]();
    await assert.rejects(next, /the test is over/);
    assert.equal(gathering.budget.held, 0);
    assert.equal(gathering.clock.advanceToNext(), false);
  });

  it('gives all memory back when it is over', async () => {
    const gathering = new Gathering(new Array(20).fill(1_000), { isSlow: true });
    await until(() => gathering.fetches.length === limits.aheadItems);
    gathering[Symbol.dispose]();
    assert.equal(gathering.budget.held, 0);
    await assert.rejects(gathering.batches.next(1_000), /the test is over/);
  });
});

/** Lets what is ready happen. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
