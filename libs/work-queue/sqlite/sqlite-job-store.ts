import { randomUUID } from 'node:crypto';
import { BackingCalls } from '#sqlite/backing-calls.ts';
import type { Database, Row, SqlValue } from '#sqlite/database.ts';
import type { JobStore, NewJob, PutBack, TakenJob, Taking, Waiting } from '../job-store.ts';
import type { SetAsideJob } from '../port.ts';
import { SQL } from './layout.ts';

/** Few enough to remove that nobody waits for it. */
const EXPIRED_PER_TAKING = 100;
const TOO_LATE_PER_TAKING = 1_000;
const PAGE_SIZE = 200;

/** Keeps jobs as rows. Taking is one write, which shares its sync with other writes. */
export class SqliteJobStore implements JobStore {
  readonly #database: Database;
  readonly #calls = new BackingCalls('work-queue');

  constructor(database: Database) {
    this.#database = database;
  }

  async add({ topic, key, dueMs, expiresAtMs, nowMs }: NewJob): Promise<void> {
    await this.#change(SQL.add, [topic, key, dueMs, expiresAtMs, nowMs]);
  }

  async makeTakenDue(topic: string, nowMs: number): Promise<void> {
    await this.#change(SQL.makeTakenDue, [nowMs, topic, nowMs]);
  }

  async take(topic: string, { nowMs, limit, dueAgainMs, latestDueMs }: Taking) {
    const token = randomUUID();
    const tooLate = [nowMs, dueAgainMs, topic, latestDueMs, TOO_LATE_PER_TAKING];
    const { rows } = await this.#calls.run(() =>
      this.#database.write([
        { sql: SQL.removeExpired, parameters: [nowMs, EXPIRED_PER_TAKING] },
        { sql: SQL.makeDueInTime, parameters: tooLate },
        { sql: SQL.take, parameters: [token, dueAgainMs, topic, nowMs, limit] },
        { sql: SQL.selectNextDue, parameters: [topic] },
      ]),
    );
    const [, , taken = [], [next] = []] = rows;
    return {
      jobs: taken
        .toSorted((one, other) => Number(one.id) - Number(other.id))
        .map((row) => takenJob(topic, token, row)),
      nextDueMs: next ? Number(next.due_at_ms) : null,
    };
  }

  /** Only its time makes a job due. */
  isHeld(): boolean {
    return true;
  }

  async remove(job: TakenJob): Promise<void> {
    await this.#change(SQL.remove, inHand(job));
  }

  async release(job: TakenJob, { dueMs, waitsFor }: PutBack): Promise<void> {
    const { attempts, failures } = job;
    await this.#change(SQL.release, [dueMs, attempts, failures, waitsFor, ...inHand(job)]);
  }

  /** Reads first, as usually nothing waits, and a write costs a sync. */
  async hasten(topic: string, { waitsFor, most, nowMs }: Waiting): Promise<number> {
    const waiting = [topic, waitsFor, nowMs];
    if ((await this.#read(SQL.isAnyWaiting, waiting)).length === 0) {
      return 0;
    }
    const parameters = [nowMs, ...waiting, most];
    const { changes } = await this.#calls.run(() =>
      this.#database.write([{ sql: SQL.hasten, parameters }]),
    );
    return changes[0] ?? 0;
  }

  async setAside(job: TakenJob, reason: string, nowMs: number): Promise<void> {
    await this.#change(SQL.setAside, [nowMs, reason, job.failures, ...inHand(job)]);
  }

  async *listSetAside(topic: string | null): AsyncGenerator<SetAsideJob, void, undefined> {
    let last: readonly [number, number] = [Number.MIN_SAFE_INTEGER, 0];
    let page: readonly Row[];
    do {
      page = await this.#read(SQL.selectSetAside, [topic, ...last, PAGE_SIZE]);
      for (const row of page) {
        last = [Number(row.set_aside_at_ms), Number(row.id)];
        yield setAsideJob(row);
      }
    } while (page.length === PAGE_SIZE);
  }

  async replay(topic: string, key: string, nowMs: number): Promise<boolean> {
    return this.#change(SQL.replay, [nowMs, topic, key]);
  }

  async discard(topic: string, key: string): Promise<boolean> {
    return this.#change(SQL.discard, [topic, key]);
  }

  async depth(topic: string, nowMs: number): Promise<number> {
    const [row] = await this.#read(SQL.depth, [topic, nowMs]);
    return Number(row?.depth);
  }

  /** Exact: taking a job moves its due time to the end of the taking. */
  async oldestDueMs(topic: string, nowMs: number): Promise<number | null> {
    const [row] = await this.#read(SQL.selectOldestDue, [topic, nowMs, nowMs]);
    return row ? Number(row.due_at_ms) : null;
  }

  async check(): Promise<void> {
    await this.#change(SQL.touch, []);
    await this.#read(SQL.depth, ['', 0]);
  }

  /** Leaves the database open: its owner closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#calls.close();
  }

  async #change(sql: string, parameters: readonly SqlValue[]): Promise<boolean> {
    const { changes } = await this.#calls.run(() => this.#database.write([{ sql, parameters }]));
    return changes[0] === 1;
  }

  #read(sql: string, parameters: readonly SqlValue[]): Promise<readonly Row[]> {
    return this.#calls.run(() => this.#database.read({ sql, parameters }));
  }
}

function inHand({ topic, key, token }: TakenJob): SqlValue[] {
  return [topic, key, token];
}

function takenJob(topic: string, token: string, row: Row): TakenJob {
  return {
    topic,
    key: String(row.key),
    expiresAtMs: row.expires_at_ms === null ? null : Number(row.expires_at_ms),
    attempts: Number(row.attempts),
    failures: Number(row.failures),
    token,
  };
}

function setAsideJob(row: Row): SetAsideJob {
  return {
    topic: String(row.topic),
    key: String(row.key),
    attempts: Number(row.attempts),
    reason: String(row.reason),
    setAsideAt: new Date(Number(row.set_aside_at_ms)),
  };
}
