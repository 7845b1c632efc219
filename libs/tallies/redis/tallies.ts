import type { Cluster, Redis } from 'ioredis';
import { callInTime } from '#backing/calls.ts';
import { CircuitBreaker } from '#backing/circuit-breaker.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { connectForCommands } from '#backing/redis/command-connection.ts';
import type { RedisTarget } from '#backing/redis/connection-options.ts';
import { Cache } from '#bounds/cache.ts';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import { MOST_NAMES, OwnTallies } from '../own-tallies.ts';
import type { Tallied, Tallies, TallyLimit } from '../port.ts';
import { type Answer, type Question, scriptOf } from './script.ts';

interface RedisTalliesOptions extends RedisTarget {
  /** Of all keys. */
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How long an addition waits for Redis at most, in milliseconds ({@link ASKING_MS} in services). */
  readonly askingMs: number;
  /** Deadline of a command, in milliseconds: the connection is replaced after it. */
  readonly deadlineMs: number;
}

/** How long a parcel waits to be counted. */
export const ASKING_MS = 50;
/** A process admits this part of a limit without telling the others: 25 of them, 5 % in all. */
const UNTOLD_PART = 500;
/** From that much of a limit on, a process asks each time. */
const NEARLY_USED = 0.9;
/** How long Redis is not asked again about what it refused; and no longer than it said. */
const MOST_REFUSING_MS = 5_000;
/** Failures in a row after which Redis is asked once in a while only. */
const MOST_FAILURES = 3;
const REST_MS = 1_000;
/** Between two lines in the log. */
const QUIET_MS = 60_000;

/** What a process knows of a name. */
interface Account {
  /** Admitted, and not told Redis; negative if more was taken back. */
  untold: readonly number[];
  isNearlyUsed: boolean;
  refused: { readonly amounts: readonly number[]; readonly untilMs: number } | null;
}

/**
 * Tallies in Redis, shared by all processes: a hash for each name, changed by one script.
 *
 * A process tells Redis only now and then what it admitted, so that most names cost no command at all.
 * It counts all that it admits by itself as well, and by that alone while Redis is away.
 */
export class RedisTallies implements Tallies {
  readonly #options: RedisTalliesOptions;
  /** Made when Redis is first asked: not every process counts something. */
  #redis: Redis | Cluster | null = null;
  #run: ((question: Question) => Promise<Answer>) | null = null;
  #isClosed = false;
  readonly #own: OwnTallies;
  readonly #accounts: Cache<Account>;
  readonly #circuit: CircuitBreaker;
  #saidAwayAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: RedisTalliesOptions) {
    const { clock } = options;
    this.#options = options;
    this.#own = new OwnTallies(options);
    this.#accounts = new Cache(clock, MOST_NAMES);
    this.#circuit = new CircuitBreaker({
      clock,
      backing: 'tallies',
      failures: MOST_FAILURES,
      openMs: REST_MS,
    });
  }

  async add(
    name: string,
    amounts: readonly number[],
    limits: readonly TallyLimit[],
  ): Promise<Tallied> {
    const own = this.#own.add(name, amounts, limits);
    if (!own.isWithin) {
      return own;
    }
    const account = this.#account(name, amounts.length);
    const againInMs = await this.#share(name, account, amounts, limits);
    if (againInMs > 0) {
      own.takeBack();
      return { isWithin: false, againInMs };
    }
    const takeBack = () => {
      own.takeBack();
      void this.#takeBack(name, account, amounts, limits);
    };
    return { isWithin: true, takeBack };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#redis?.disconnect();
  }

  #account(name: string, amounts: number): Account {
    const known = this.#accounts.get(name);
    if (known) {
      return known;
    }
    const untold = new Array<number>(amounts).fill(0);
    const account: Account = { untold, isNearlyUsed: false, refused: null };
    this.#accounts.set(name, account);
    return account;
  }

  /** @returns after how long the amounts may be added; 0 if they are, or Redis is away */
  async #share(
    name: string,
    account: Account,
    amounts: readonly number[],
    limits: readonly TallyLimit[],
  ): Promise<number> {
    const { refused } = account;
    const refusedForMs = (refused?.untilMs ?? 0) - this.#options.clock.elapsedMs();
    if (
      refused &&
      refusedForMs > 0 &&
      amounts.every((each, at) => each >= (refused.amounts[at] ?? 0))
    ) {
      return Math.ceil(refusedForMs);
    }
    const untold = sum(account.untold, amounts);
    if (!account.isNearlyUsed && isLittle(untold, limits)) {
      account.untold = untold;
      return 0;
    }
    const answer = await this.#ask(name, account, amounts, limits);
    if (!answer || answer.isWithin) {
      account.isNearlyUsed = (answer?.used ?? 0) > NEARLY_USED;
      return 0;
    }
    account.isNearlyUsed = true;
    const forMs = Math.min(answer.againInMs, MOST_REFUSING_MS);
    account.refused = { amounts, untilMs: this.#options.clock.elapsedMs() + forMs };
    return answer.againInMs;
  }

  async #takeBack(
    name: string,
    account: Account,
    amounts: readonly number[],
    limits: readonly TallyLimit[],
  ): Promise<void> {
    account.untold = account.untold.map((each, at) => each - (amounts[at] ?? 0));
    if (!isLittle(account.untold, limits)) {
      const none = amounts.map(() => 0);
      await this.#ask(name, account, none, limits);
    }
  }

  /**
   * What is untold counts as told, whatever becomes of the command: it may have reached Redis.
   *
   * @returns null if Redis is away
   */
  async #ask(
    name: string,
    account: Account,
    amounts: readonly number[],
    limits: readonly TallyLimit[],
  ): Promise<Answer | null> {
    const { prefix, clock, askingMs } = this.#options;
    const question = { key: `${prefix}${name}`, certain: account.untold, amounts, limits };
    const deadline = { clock, backing: 'tallies', deadlineMs: askingMs } as const;
    const isAnything = () => true;
    try {
      return await this.#circuit.run(() => {
        account.untold = amounts.map(() => 0);
        return callInTime(deadline, () => this.#script(question));
      }, isAnything);
    } catch (error) {
      this.#sayAway(error);
      return null;
    }
  }

  get #script() {
    if (this.#isClosed) {
      throw new BackingUnavailableError('tallies', 'they are closed');
    }
    this.#redis ??= connectForCommands(this.#options, this.#options.deadlineMs);
    this.#run ??= scriptOf(this.#redis);
    return this.#run;
  }

  #sayAway(error: unknown): void {
    const nowMs = this.#options.clock.elapsedMs();
    if (nowMs - this.#saidAwayAtMs >= QUIET_MS) {
      this.#saidAwayAtMs = nowMs;
      this.#options.log.warn(
        { error },
        'Redis is away: this process counts quotas and rates by itself',
      );
    }
  }
}

function sum(one: readonly number[], other: readonly number[]): readonly number[] {
  return one.map((each, at) => each + (other[at] ?? 0));
}

/** Whether others need not know of so much. */
function isLittle(amounts: readonly number[], limits: readonly TallyLimit[]): boolean {
  return limits.every(({ most }) =>
    amounts.every((amount, at) => Math.abs(amount) <= (most[at] ?? 0) / UNTOLD_PART),
  );
}
