import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SqlValue } from './database.ts';
import type { PreparedCallStatement, WireResult, WireRows } from './wire.ts';

interface KnownStatement {
  readonly prepared: StatementSync;
  /** Names of the returned columns; none if the statement returns no rows. */
  readonly columns: readonly string[];
  /** Whether the returned rows are the changed ones. */
  readonly returning: boolean;
}

/** A connection with its prepared statements, on its own thread. */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #sql: string[] = [];
  readonly #known: (KnownStatement | undefined)[] = [];

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Adds SQL texts, which calls then refer to by index. */
  learn(newSql: readonly string[]): void {
    this.#sql.push(...newSql);
  }

  /** Runs the statements in order, in whatever transaction is open. */
  run(statements: readonly PreparedCallStatement[]): WireResult {
    const changes: number[] = [];
    const rows: (WireRows | null)[] = [];
    let anyRows = false;
    for (const { sqlIndex, parameters } of statements) {
      const { prepared, columns, returning } = this.#statement(sqlIndex);
      if (columns.length === 0) {
        changes.push(Number(prepared.run(...parameters).changes));
        rows.push(null);
        continue;
      }
      // setReturnArrays makes rows arrays, which the types cannot say.
      const returned = prepared.all(...parameters) as unknown as SqlValue[][];
      changes.push(returning ? returned.length : 0);
      rows.push({ columns, rows: returned });
      anyRows = true;
    }
    return anyRows ? { changes, rows } : { changes };
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  close(): void {
    this.#database.close();
  }

  #statement(index: number): KnownStatement {
    const known = this.#known[index];
    if (known) {
      return known;
    }
    const sql = this.#sql[index] ?? '';
    const prepared = this.#database.prepare(sql);
    prepared.setReturnArrays(true);
    const statement = {
      prepared,
      columns: prepared.columns().map(({ name }) => name),
      returning: /\breturning\b/i.test(sql),
    };
    this.#known[index] = statement;
    return statement;
  }
}
