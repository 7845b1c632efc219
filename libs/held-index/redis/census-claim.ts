import { randomBytes, randomUUID } from 'node:crypto';
import { Cluster, type Redis } from 'ioredis';
import { BackingUnavailableError } from '#backing/errors.ts';
import {
  type CensusClaim,
  type ClaimOptions,
  type HeldTotals,
  type IndexEntry,
  LONGEST_ACCEPTING_MS,
  type Mending,
  type Part,
} from '../port.ts';
import { entriesOf, isPair } from './answers.ts';
import { fieldOf, newToken, objectOctets, tokenOctets } from './entry-codec.ts';
import type { IndexKeys } from './index-keys.ts';
import type { RunScript } from './scripts.ts';

/** Keys that Redis looks at in one step, in some tenths of a millisecond. */
const SCANNED_AT_ONCE = 1_000;

/** Entries read, added or removed in one step. */
const ENTRIES_AT_ONCE = 500;

interface RedisCensusClaimParts extends ClaimOptions {
  readonly run: RunScript;
  readonly redis: Redis | Cluster;
  readonly keys: IndexKeys;
  /** Gives a call its deadline. */
  readonly call: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

interface Claimed {
  readonly id: string;
  readonly epoch: Buffer;
  /** How long the epoch had lasted when the claim was made. */
  readonly epochMs: number;
}

/** A claim that stands as a lease in Redis. */
export class RedisCensusClaim implements CensusClaim {
  readonly #part: Part;
  readonly #parts: RedisCensusClaimParts;
  readonly #claimed: Claimed;

  private constructor(part: Part, parts: RedisCensusClaimParts, claimed: Claimed) {
    this.#part = part;
    this.#parts = parts;
    this.#claimed = claimed;
  }

  /** @returns null if another census has the part, or it was counted within the interval */
  static async make(part: Part, parts: RedisCensusClaimParts): Promise<RedisCensusClaim | null> {
    const { lease, counted, epoch } = parts.keys.of(part);
    const id = randomUUID();
    const answer = await parts.run('heldClaim', lease, counted, epoch, id, parts.leaseMs);
    const [currentEpoch, epochMs] = isPair(answer) ? answer : [];
    return Buffer.isBuffer(currentEpoch)
      ? new RedisCensusClaim(part, parts, { id, epoch: currentEpoch, epochMs: Number(epochMs) })
      : null;
  }

  get waitMs(): number {
    return Math.max(0, LONGEST_ACCEPTING_MS - this.#claimed.epochMs);
  }

  async *mailboxes(): AsyncGenerator<readonly string[], void, undefined> {
    const { redis } = this.#parts;
    const servers = redis instanceof Cluster ? redis.nodes('master') : [redis];
    for (const server of servers) {
      yield* this.#scan(server);
    }
  }

  async *entries(mailbox: string): AsyncGenerator<IndexEntry, void, undefined> {
    const { keys, run } = this.#parts;
    const both = [keys.mailbox(mailbox), keys.of(this.#part).lease];
    let cursor = '0';
    do {
      const from = cursor;
      const answer = await this.#call(() =>
        run('heldEntries', ...both, from, ENTRIES_AT_ONCE, this.#claimed.id),
      );
      const [since, page] = isPair(answer) ? answer : [];
      assertClaimed(isPair(page));
      yield* entriesOf(page[1], Number(since));
      cursor = String(page[0]);
    } while (cursor !== '0');
  }

  async mend(mailbox: string, { missing, stale, wrong = [] }: Mending): Promise<void> {
    const most = Math.max(missing.length, stale.length, wrong.length);
    for (let at = 0; at < most; at += ENTRIES_AT_ONCE) {
      const end = at + ENTRIES_AT_ONCE;
      await this.#mend(mailbox, {
        missing: missing.slice(at, end),
        stale: stale.slice(at, end),
        wrong: wrong.slice(at, end),
      });
    }
  }

  async #mend(mailbox: string, { missing, stale, wrong }: Required<Mending>): Promise<void> {
    const { keys, run } = this.#parts;
    const added = missing.flatMap((object) => [
      fieldOf(object.name),
      tokenOctets(newToken(randomBytes)),
      objectOctets(object),
    ]);
    const corrected = wrong.flatMap((object) => [
      fieldOf(object.name),
      tokenOctets(object.token),
      objectOctets(object),
    ]);
    const removed = stale.flatMap(({ name, token }) => [fieldOf(name), tokenOctets(token)]);
    const { lease } = keys.of(this.#part);
    const mended = await this.#call(() =>
      run(
        'heldMend',
        keys.mailbox(mailbox),
        lease,
        this.#claimed.id,
        missing.length,
        wrong.length,
        ...added,
        ...corrected,
        ...removed,
      ),
    );
    assertClaimed(mended === 1);
  }

  async renew(): Promise<void> {
    const { keys, run, leaseMs } = this.#parts;
    const { lease } = keys.of(this.#part);
    const renewed = await this.#call(() => run('heldRenew', lease, this.#claimed.id, leaseMs));
    assertClaimed(renewed === 1);
  }

  async complete({ objects, octets, oldestAt }: HeldTotals): Promise<boolean> {
    const { keys, run, intervalMs, completeMs } = this.#parts;
    const { lease, counted, epoch, mark, totals } = keys.of(this.#part);
    const { id, epoch: claimedEpoch } = this.#claimed;
    const text = `${objects} ${octets} ${oldestAt?.getTime() ?? ''}`;
    const completed = await this.#call(() =>
      run(
        'heldComplete',
        ...[lease, counted, epoch, mark, totals],
        ...[id, claimedEpoch, intervalMs, text, completeMs],
      ),
    );
    assertClaimed(completed !== -1);
    return completed === 1;
  }

  async *#scan(server: Redis): AsyncGenerator<readonly string[], void, undefined> {
    const { keys } = this.#parts;
    const pattern = keys.pattern(this.#part);
    let cursor = '0';
    do {
      const [next, page] = await this.#call(() =>
        server.scan(cursor, 'MATCH', pattern, 'COUNT', SCANNED_AT_ONCE),
      );
      yield page.map((key) => keys.mailboxOf(key, this.#part));
      cursor = next;
    } while (cursor !== '0');
  }

  #call<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#parts.call(work);
  }
}

function assertClaimed(isClaimed: boolean): asserts isClaimed {
  if (!isClaimed) {
    throw new BackingUnavailableError('held-index', 'the claim was lost');
  }
}
