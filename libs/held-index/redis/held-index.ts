import { randomBytes } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { asUnavailable, CallLimit, callInTime } from '#backing/calls.ts';
import { CircuitBreaker } from '#backing/circuit-breaker.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { connectForCommands } from '#backing/redis/command-connection.ts';
import type { RedisTarget } from '#backing/redis/connection-options.ts';
import { inTime } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import {
  type Announcement,
  type CensusClaim,
  type ClaimOptions,
  type HeldIndex,
  type HeldTotals,
  type IndexEntry,
  type IndexedObject,
  LONGEST_PUT_MS,
  MAX_READ_ENTRIES,
  PARTS,
  type Part,
  partOf,
  sumOf,
  type Token,
} from '../port.ts';
import { amountOf, asList, entriesOf, isPair } from './answers.ts';
import { RedisCensusClaim } from './census-claim.ts';

import { entryOf, fieldOf, newToken, objectOctets, tokenOctets } from './entry-codec.ts';
import { IndexKeys } from './index-keys.ts';
import { type RunScript, scriptsOf } from './scripts.ts';
import { Withdrawals } from './withdrawals.ts';

interface RedisHeldIndexOptions extends RedisTarget {
  /** Of all keys. */
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Deadline of a call, in milliseconds, unless it has a shorter one of its own. */
  readonly deadlineMs: number;
  /** How long whoever stores a parcel waits for an addition, in milliseconds. */
  readonly addingMs: number;
  /**
   * How long a read may take, in milliseconds: a collector waits for it.
   *
   * @default {@link READING_MS}
   */
  readonly readingMs?: number;
}

/** A collector waits so long at most before the store is listed instead. */
const READING_MS = 1_000;
/**
 * Calls to Redis at once: more than it can answer while anybody waits. While it is silent, so many
 * are kept at most.
 */
const MOST_CALLS = 10_000;
/** Failures in a row after which Redis is asked once in a while only. */
const MOST_FAILURES = 5;
const REST_MS = 1_000;

/**
 * An index in Redis, shared by all services: a hash per mailbox, and a mark per part that names the
 * memory of the server it was set on. A server that was emptied, restarted or promoted does not
 * bear its mark, so its parts are incomplete until the next census.
 */
export class RedisHeldIndex implements HeldIndex {
  readonly #options: RedisHeldIndexOptions;
  readonly #redis: Redis | Cluster;
  readonly #run: RunScript;
  readonly #keys: IndexKeys;
  readonly #limit = new CallLimit({ backing: 'held-index', concurrency: MOST_CALLS, waiting: 0 });
  readonly #circuit: CircuitBreaker;
  readonly #withdrawals: Withdrawals;
  #closed = false;

  constructor(options: RedisHeldIndexOptions) {
    this.#options = options;
    this.#redis = connectForCommands(options, options.deadlineMs);
    this.#run = scriptsOf(this.#redis);
    this.#keys = new IndexKeys(options.prefix);
    this.#circuit = new CircuitBreaker({
      clock: options.clock,
      backing: 'held-index',
      failures: MOST_FAILURES,
      openMs: REST_MS,
    });
    this.#withdrawals = new Withdrawals(options, (part) => this.#withdraw(part));
  }

  async add(mailbox: string, object: IndexedObject): Promise<Announcement> {
    const token = newToken(randomBytes);
    const { clock, addingMs } = this.#options;
    const writing = this.#write(mailbox, object, token);
    return inTime(clock, addingMs, writing, () => ({
      token: null,
      isMissing: false,
      held: null,
      late: writing,
    }));
  }

  async remove(mailbox: string, name: string, token: Token): Promise<void> {
    const key = this.#keys.mailbox(mailbox);
    await this.#unlessAway(() => this.#run('heldRemove', key, fieldOf(name), tokenOctets(token)));
  }

  async read(mailbox: string): Promise<readonly IndexEntry[] | null> {
    const part = partOf(mailbox);
    if (this.#withdrawals.has(part)) {
      return null;
    }
    const keys = [this.#keys.mailbox(mailbox), this.#keys.of(part).mark];
    const answer = await this.#unlessAway(() => this.#run('heldRead', ...keys, MAX_READ_ENTRIES));
    return isPair(answer) ? entriesOf(answer[1], Number(answer[0])) : null;
  }

  async totalsOf(mailbox: string): Promise<HeldTotals | null> {
    const part = partOf(mailbox);
    if (this.#withdrawals.has(part)) {
      return null;
    }
    const keys = [this.#keys.mailbox(mailbox), this.#keys.of(part).mark];
    const answer = await this.#unlessAway(() => this.#run('heldTotals', ...keys, MAX_READ_ENTRIES));
    const [oldestS, ...amount] = asList(answer);
    const held = amountOf(amount);
    const oldestAt = typeof oldestS === 'number' ? new Date(oldestS * 1_000) : null;
    return held && { ...held, oldestAt };
  }

  async find(mailbox: string, name: string): Promise<IndexEntry | null> {
    const field = fieldOf(name);
    const key = this.#keys.mailbox(mailbox);
    const answer = await this.#unlessAway(() => this.#run('heldFind', key, field));
    return isPair(answer) && Buffer.isBuffer(answer[1])
      ? entryOf(field, answer[1], Number(answer[0]))
      : null;
  }

  async claim(part: Part, options: ClaimOptions): Promise<CensusClaim | null> {
    return this.#call(this.#options.deadlineMs, () =>
      RedisCensusClaim.make(part, {
        ...options,
        run: this.#run,
        keys: this.#keys,
        redis: this.#redis,
        call: (work) => this.#call(this.#options.deadlineMs, work),
      }),
    );
  }

  async totals(): Promise<HeldTotals | null> {
    const parts = await this.#call(this.#options.deadlineMs, () =>
      Promise.all(PARTS.map((part) => this.#redis.get(this.#keys.of(part).totals))),
    );
    return sumOf(parts.map(parseTotals));
  }

  async incompleteParts(): Promise<number> {
    const complete = await this.#call(this.#options.deadlineMs, () =>
      Promise.all(PARTS.map((part) => this.#run('heldIsComplete', this.#keys.of(part).mark))),
    );
    return PARTS.filter((part, at) => complete[at] !== 1 || this.#withdrawals.has(part)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#withdrawals[Symbol.asyncDispose]();
    this.#closed = true;
    this.#redis.disconnect();
  }

  /** Where the entry may be missing, its part is no longer complete. */
  async #write(mailbox: string, object: IndexedObject, token: Token): Promise<Announcement> {
    const key = this.#keys.mailbox(mailbox);
    const written = [fieldOf(object.name), tokenOctets(token), objectOctets(object)];
    try {
      const answer = await this.#call(this.#options.deadlineMs, () =>
        this.#run('heldAdd', key, ...written, LONGEST_PUT_MS),
      );
      const [isAlone, ...amount] = asList(answer);
      const held = amountOf(amount);
      return { token: isAlone === 1 ? token : null, isMissing: false, held, late: null };
    } catch (error) {
      this.#options.log.debug({ error }, 'An entry of the index may be missing');
      this.#withdrawals.add(partOf(mailbox));
      return { token: null, isMissing: true, held: null, late: null };
    }
  }

  get #readingMs(): number {
    return this.#options.readingMs ?? READING_MS;
  }

  async #withdraw(part: Part): Promise<void> {
    const { epoch, mark } = this.#keys.of(part);
    const newEpoch = newToken(randomBytes);
    await this.#call(this.#readingMs, () => this.#run('heldWithdraw', epoch, mark, newEpoch));
  }

  async #unlessAway(call: () => Promise<unknown>): Promise<unknown> {
    try {
      return await this.#call(this.#readingMs, call);
    } catch (error) {
      this.#options.log.debug({ error }, 'The index in Redis is away');
      return null;
    }
  }

  /** @throws {BackingUnavailableError} */
  async #call<Result>(deadlineMs: number, call: () => Promise<Result>): Promise<Result> {
    if (this.#closed) {
      throw new BackingUnavailableError('held-index', 'closed');
    }
    const deadline = { clock: this.#options.clock, backing: 'held-index', deadlineMs } as const;
    return this.#circuit.run(
      async () => {
        try {
          return await callInTime(deadline, (signal) => this.#limit.run(call, signal));
        } catch (error) {
          throw asUnavailable('held-index', error);
        }
      },
      () => true,
    );
  }
}

function parseTotals(text: string | null): HeldTotals | null {
  const [objects, octets, oldestMs] = (text ?? '').split(' ');
  return objects && octets
    ? {
        objects: Number(objects),
        octets: Number(octets),
        oldestAt: oldestMs ? new Date(Number(oldestMs)) : null,
      }
    : null;
}
