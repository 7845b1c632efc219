import type { Addition, ClaimedRoom } from './disk-room.ts';

/** A value that SQLite stores; blobs come back as `Uint8Array`, integers as `number` (beyond 2^53 they are refused). */
export type SqlValue = string | number | bigint | null | Uint8Array;

export interface Statement {
  /** A constant of the code: every text ever run stays prepared. Values go into `parameters`, one for each `?`. */
  readonly sql: string;
  readonly parameters?: readonly SqlValue[];
}

export type Row = Readonly<Record<string, SqlValue>>;

export interface WriteResult {
  /** Rows changed by each statement, in order. */
  readonly changes: readonly number[];
  /** Rows returned by each statement (`RETURNING`), in order. */
  readonly rows: readonly (readonly Row[])[];
}

export interface CallOptions {
  /** Within this the call is answered or fails, in milliseconds. */
  readonly deadlineMs?: number;
  /** Fails while the disk is full rather than using the reserve that is kept for what empties it. */
  readonly leavesReserve?: boolean;
}

/**
 * An SQLite database on its own threads, so that no sync to disk stalls the
 * event loop. Write-ahead log, full sync: a write that resolved survives loss of power.
 *
 * Writes that wait together share one transaction and one sync (group commit);
 * each call is still atomic by itself, and one that fails undoes only itself.
 * Reads run beside writes and see every write that resolved before them.
 * Writes are run in the order in which they are made, and so are reads; only a write that
 * finds the disk full may come again behind others, once room was made from the reserve.
 *
 * Both methods throw `DatabaseUnavailableError` when there is no answer within
 * the deadline (one for all calls, unless a call gives its own), too much is waiting, or the database is closed; and
 * `StatementFailedError` for a statement that cannot be run. Closing finishes
 * what was asked before.
 */
export interface Database extends AsyncDisposable {
  /**
   * Runs the statements as one atomic unit. A statement after one that changed no
   * row may be made conditional in SQL (`WHERE changes() > 0`).
   *
   * @throws {DatabaseFullError} if there is no room
   */
  write(statements: readonly Statement[], options?: CallOptions): Promise<WriteResult>;
  read(statement: Statement, options?: CallOptions): Promise<readonly Row[]>;

  /**
   * Asks for room before something is added on behalf of others, in the database or in
   * files beside it; always has room where no reserve is kept.
   *
   * @returns null if it has to be refused, so that the reserve is left
   */
  claimRoom(addition: Addition): Promise<ClaimedRoom | null>;

  /** What may still be added before {@link claimRoom} refuses, in octets; null where no reserve is kept. */
  roomOctets(): Promise<number | null>;
}
