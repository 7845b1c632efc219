/** A value that SQLite stores; blobs come back as `Uint8Array`. */
export type SqlValue = string | number | bigint | null | Uint8Array;

export interface Statement {
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

/**
 * An SQLite database on its own threads, so that no sync to disk stalls the
 * event loop. Write-ahead log, full sync: a write that resolved survives loss of power.
 *
 * Writes that wait together share one transaction and one sync (group commit);
 * each call is still atomic by itself, and one that fails undoes only itself.
 * Reads run beside writes and see every write that resolved before them.
 */
export interface Database extends AsyncDisposable {
  /** Runs the statements as one atomic unit. A statement after one that changed no row may be made conditional in SQL. */
  write(statements: readonly Statement[]): Promise<WriteResult>;
  read(statement: Statement): Promise<readonly Row[]>;
}
