import type { Addition, ClaimedRoom } from './disk-room.ts';

/**
 * A value that SQLite stores. Blobs come back as `Uint8Array`, integers as `number` (beyond 2^53
 * they are refused).
 */
export type SqlValue = string | number | bigint | null | Uint8Array;

/** One SQL statement with its parameters. */
export interface Statement {
  /**
   * A constant of the code, as every text stays prepared. Values go into `parameters`, one per `?`.
   */
  readonly sql: string;
  readonly parameters?: readonly SqlValue[];
}

/** A returned row: values by column name. */
export type Row = Readonly<Record<string, SqlValue>>;

/** What a write changed and returned. */
export interface WriteResult {
  /** Rows changed, per statement. */
  readonly changes: readonly number[];
  /** Rows returned by `RETURNING`, per statement. */
  readonly rows: readonly (readonly Row[])[];
}

/** Options of one call. */
export interface CallOptions {
  /** In milliseconds. */
  readonly deadlineMs?: number;
  /**
   * Whether the call fails on a full disk rather than use the reserve kept for deletions. @default
   * false
   */
  readonly leavesReserve?: boolean;
}

/**
 * An SQLite database on threads of its own, so that disk syncs never block the event loop.
 * Write-ahead log, full sync: a write that resolved survives a power cut.
 *
 * Writes that wait together share one transaction and one sync (group commit); each call is still
 * atomic, and a failed one undoes only itself. Reads run beside writes and see every write that
 * resolved before them. Writes run in order, and so do reads; only a write that finds the disk full
 * may run again after others, once the reserve made room.
 *
 * Both methods throw `DatabaseUnavailableError` past the deadline (the database's or the call's
 * own), when too much is waiting, or once closed; and `StatementFailedError` for a statement that
 * cannot run. Closing finishes earlier calls.
 */
export interface Database extends AsyncDisposable {
  /**
   * Runs the statements atomically. SQL can make a statement depend on the one before (`WHERE
   * changes() > 0`).
   *
   * @throws {DatabaseFullError} if there is no room
   */
  write(statements: readonly Statement[], options?: CallOptions): Promise<WriteResult>;
  read(statement: Statement, options?: CallOptions): Promise<readonly Row[]>;

  /**
   * Claims room for an addition to the database or to files beside it. Always succeeds where no
   * reserve is kept.
   *
   * @returns null if only the reserve is left
   */
  claimRoom(addition: Addition): Promise<ClaimedRoom | null>;

  /** Octets that {@link claimRoom} would still grant; null where no reserve is kept. */
  roomOctets(): Promise<number | null>;
}
