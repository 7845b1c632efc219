import { randomUUID } from 'node:crypto';
import type { Clock } from '#clock/clock.ts';
import { BackingCalls } from '#sqlite/backing-calls.ts';
import type { Database, Row, SqlValue } from '#sqlite/database.ts';
import type { FieldValue, RecordFields, RecordKind, RecordStore, StoredRecord } from '../port.ts';
import {
  assertExpiry,
  assertFields,
  assertListing,
  assertRecordId,
  endOfIdPrefix,
} from '../record-rules.ts';
import { SQL } from './layout.ts';

interface SqliteRecordStoreParts {
  readonly database: Database;
  readonly clock: Clock;
  /** Records listed per page. */
  readonly pageSize: number;
}

/** Few enough to delay other writers by milliseconds only. */
const EXPIRED_PER_WRITE = 500;

/** Keeps records as rows, with their fields as JSON. */
export class SqliteRecordStore implements RecordStore {
  readonly #parts: SqliteRecordStoreParts;
  readonly #calls = new BackingCalls('record-store');

  constructor(parts: SqliteRecordStoreParts) {
    this.#parts = parts;
  }

  async create<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
    fields: F,
    options: { expiresAt?: Date } = {},
  ): Promise<boolean> {
    assertRecordId(kind.name, id);
    const written = toWrite(fields, options.expiresAt);
    return this.#change(SQL.create, [kind.name, id, ...written, this.#nowMs()]);
  }

  async get<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
  ): Promise<StoredRecord<F> | null> {
    assertRecordId(kind.name, id);
    const [row] = await this.#read(SQL.select, [kind.name, id, this.#nowMs()]);
    return row ? recordOf<F>(row) : null;
  }

  async set<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
    fields: F,
    options: { expiresAt?: Date; ifVersion?: string } = {},
  ): Promise<boolean> {
    assertRecordId(kind.name, id);
    const written = toWrite(fields, options.expiresAt);
    if (options.ifVersion === undefined) {
      return this.#change(SQL.upsert, [kind.name, id, ...written]);
    }
    const place = [kind.name, id, options.ifVersion, this.#nowMs()];
    return this.#change(SQL.update, [...written, ...place]);
  }

  async delete<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
    options: { ifVersion?: string } = {},
  ): Promise<boolean> {
    assertRecordId(kind.name, id);
    return this.#change(SQL.delete, [kind.name, id, options.ifVersion ?? null, this.#nowMs()]);
  }

  async *list<F extends RecordFields>(
    kind: RecordKind<F>,
    idPrefix: string,
    options: { startAfter?: string; signal?: AbortSignal } = {},
  ): AsyncGenerator<StoredRecord<F>, void, undefined> {
    const { startAfter } = options;
    assertListing(kind.name, idPrefix, startAfter);
    const { pageSize } = this.#parts;
    const end = endOfIdPrefix(idPrefix);
    const afterStart = startAfter === undefined ? '' : justAfter(startAfter);
    let from = afterStart > idPrefix ? afterStart : idPrefix;
    let page: readonly Row[];
    do {
      options.signal?.throwIfAborted();
      page = await this.#read(SQL.selectPage, [kind.name, from, end, this.#nowMs(), pageSize]);
      for (const row of page) {
        options.signal?.throwIfAborted();
        yield recordOf<F>(row);
        from = justAfter(String(row.id));
      }
    } while (page.length === pageSize);
  }

  async sweep(): Promise<number> {
    return this.#calls.run(async () => {
      const sql = SQL.deleteExpired;
      let total = 0;
      let removed: number;
      do {
        const parameters = [this.#nowMs(), EXPIRED_PER_WRITE];
        const { changes } = await this.#parts.database.write([{ sql, parameters }]);
        removed = changes[0] ?? 0;
        total += removed;
      } while (removed === EXPIRED_PER_WRITE);
      return total;
    });
  }

  async check(): Promise<void> {
    await this.#change(SQL.touch, []);
    await this.#read(SQL.select, ['', '', 0]);
  }

  /** Leaves the database open: its owner closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#calls.close();
  }

  #nowMs(): number {
    return this.#parts.clock.now().getTime();
  }

  async #change(sql: string, parameters: readonly SqlValue[]): Promise<boolean> {
    const { changes } = await this.#calls.run(() =>
      this.#parts.database.write([{ sql, parameters }]),
    );
    return changes[0] === 1;
  }

  #read(sql: string, parameters: readonly SqlValue[]): Promise<readonly Row[]> {
    return this.#calls.run(() => this.#parts.database.read({ sql, parameters }));
  }
}

/** Version, expiry and fields of a record about to be written. */
function toWrite(fields: RecordFields, expiresAt: Date | undefined) {
  assertFields(fields);
  assertExpiry(expiresAt);
  return [randomUUID(), expiresAt?.getTime() ?? null, textOfFields(fields)] as const;
}

/** Sorts right after `id`, before any greater valid id. */
function justAfter(id: string): string {
  return `${id}\u0001`;
}

function recordOf<F extends RecordFields>(row: Row): StoredRecord<F> {
  return {
    id: String(row.id),
    // The caller names the kind, and so vouches for the type of its fields.
    fields: fieldsOfText(String(row.fields)) as F,
    version: String(row.version),
    expiresAt: row.expires_at_ms === null ? null : new Date(Number(row.expires_at_ms)),
  };
}

/** Values without a JSON type. Records are flat, so no other value is an object. */
type Tagged = { readonly date: number } | { readonly base64: string };

/** The fields as JSON. */
function textOfFields(fields: RecordFields): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, tagged(value)])),
  );
}

/** The inverse of {@link textOfFields}. */
function fieldsOfText(text: string): RecordFields {
  const values = JSON.parse(text) as Record<string, string | number | boolean | null | Tagged>;
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, untagged(value)]));
}

function tagged(value: FieldValue): string | number | boolean | null | Tagged {
  if (value instanceof Date) {
    return { date: value.getTime() };
  }
  if (value instanceof Uint8Array) {
    return { base64: value.toBase64() };
  }
  return value;
}

function untagged(value: string | number | boolean | null | Tagged): FieldValue {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return 'date' in value ? new Date(value.date) : Uint8Array.fromBase64(value.base64);
}
