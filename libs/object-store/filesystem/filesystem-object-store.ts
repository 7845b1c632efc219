import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';
import type { Clock } from '#clock/clock.ts';
import { BackingCalls } from '#sqlite/backing-calls.ts';
import type { Database, Row, Statement } from '#sqlite/database.ts';
import { DatabaseUnavailableError } from '#sqlite/errors.ts';
import { assertExpiry, assertKeyPrefix, assertObjectKey, endOfPrefix } from '../object-key.ts';
import type {
  CallPatience,
  Generation,
  Holdings,
  ObjectEntry,
  ObjectKey,
  ObjectStore,
  StoredObject,
  StoringOptions,
} from '../port.ts';
import type { BodyFiles } from './body-files.ts';
import type { Generations } from './generations.ts';
import { SQL } from './layout.ts';
import { ObjectSweeper } from './object-sweeper.ts';

interface FilesystemObjectStoreParts {
  readonly database: Database;
  readonly files: BodyFiles;
  readonly generations: Generations;
  /** Bodies up to this size go into the database, larger ones into files. */
  readonly maxRowOctets: number;
  /** Objects listed per page. */
  readonly pageSize: number;
  /** Dates objects as they are stored. */
  readonly clock: Clock;
}

/** How often one read retries because the object was replaced meanwhile, before it fails. */
const MAX_READ_ATTEMPTS = 100;

/**
 * Keeps objects in a database, and large bodies in files beside it. The row is the truth: a file is
 * written before its row and removed after it.
 */
export class FilesystemObjectStore implements ObjectStore {
  readonly #parts: FilesystemObjectStoreParts;
  readonly #sweeper: ObjectSweeper;
  readonly #calls = new BackingCalls('object-store');

  constructor(parts: FilesystemObjectStoreParts) {
    this.#parts = parts;
    this.#sweeper = new ObjectSweeper(parts);
  }

  async put(
    key: ObjectKey,
    body: Uint8Array,
    options: { expiresAt: Date } & StoringOptions,
  ): Promise<Generation> {
    assertObjectKey(key);
    assertExpiry(options.expiresAt);
    return this.#calls.run(async () => {
      const { isMove = false, holder = null } = options;
      using room = await this.#parts.database.claimRoom({ octets: body.length, isMove });
      if (!room) {
        throw new BackingFullError('object-store', 'the disk is full, apart from its reserve');
      }
      const generation = await this.#parts.generations.next();
      const inFile = body.length > this.#parts.maxRowOctets && !room.isWithin;
      if (inFile) {
        await this.#parts.files.write(generation, body, options);
      }
      const expiresAtMs = options.expiresAt.getTime();
      const storedAtMs = this.#parts.clock.now().getTime();
      const row = [key, generation, expiresAtMs, body.length, storedAtMs, Number(inFile), holder];
      const bodyBy = (sql: string): readonly Statement[] =>
        inFile ? [] : [{ sql, parameters: [generation, body] }];
      const write = (statements: readonly Statement[]) =>
        this.#write(statements, inFile ? generation : null, options);
      const { changes } = await write([
        { sql: SQL.insertObject, parameters: row },
        ...bodyBy(SQL.insertBodyIfChanged),
      ]);
      if (changes[0] === 0) {
        // Few replace another, so that only they need look for what to remove.
        const { rows } = await write([
          { sql: SQL.selectReplacedFile, parameters: [key] },
          { sql: SQL.deleteReplacedBody, parameters: [key] },
          { sql: SQL.upsertObject, parameters: row },
          ...bodyBy(SQL.insertBody),
        ]);
        const replacedFiles = rows[0] ?? [];
        await this.#sweeper.removeFiles(replacedFiles.map((file) => Number(file.generation)));
      }
      return String(generation);
    });
  }

  async get(key: ObjectKey, patience: CallPatience = {}): Promise<StoredObject | null> {
    assertObjectKey(key);
    return this.#calls.run(async () => {
      let missing: number | null = null;
      for (let attempt = 0; attempt < MAX_READ_ATTEMPTS; attempt++) {
        const statement = { sql: SQL.selectObject, parameters: [key] };
        const [row] = await this.#parts.database.read(statement, patience);
        if (!row) {
          return null;
        }
        const body = await this.#bodyOf(row, patience);
        if (body) {
          return {
            body,
            generation: String(row.generation),
            expiresAt: new Date(Number(row.expires_at_ms)),
          };
        }
        if (row.generation === missing) {
          throw new BackingUnavailableError('object-store', `the file ${missing} is missing`);
        }
        // The object was replaced or deleted between the reads of its row and of its file.
        missing = Number(row.generation);
      }
      throw new BackingUnavailableError('object-store', 'the object is replaced too often');
    });
  }

  async holdings(holder: string): Promise<Holdings> {
    return this.#calls.run(async () => {
      const { database } = this.#parts;
      const statement = { sql: SQL.selectHoldings, parameters: [holder] };
      const [rows, leftOctets] = await Promise.all([
        database.read(statement),
        database.roomOctets(),
      ]);
      const [all, own] = ['', holder].map((name) => rows.find((row) => row.holder === name));
      const storedOctets = Number(all?.octets);
      return {
        objects: Number(own?.objects ?? 0),
        octets: Number(own?.octets ?? 0),
        room: leftOctets === null ? null : { storedOctets, leftOctets },
      };
    });
  }

  async delete(
    key: ObjectKey,
    options: { generation?: Generation } & CallPatience = {},
  ): Promise<boolean> {
    assertObjectKey(key);
    const generation = options.generation === undefined ? null : numberOf(options.generation);
    return this.#calls.run(async () => {
      if (generation !== null && Number.isNaN(generation)) {
        return false;
      }
      const parameters = [key, generation];
      const statements = [
        { sql: SQL.deleteBodyOf, parameters },
        { sql: SQL.deleteObject, parameters },
      ];
      const { rows } = await this.#parts.database.write(statements, options);
      const [deleted] = rows[1] ?? [];
      if (deleted?.in_file === 1) {
        await this.#sweeper.removeFiles([Number(deleted.generation)]);
      }
      return deleted !== undefined;
    });
  }

  async *list(
    prefix: string,
    options: { startAfter?: ObjectKey; signal?: AbortSignal } & CallPatience = {},
  ): AsyncGenerator<ObjectEntry, void, undefined> {
    assertKeyPrefix(prefix);
    const { pageSize } = this.#parts;
    let from = prefix;
    if (options.startAfter !== undefined && options.startAfter >= prefix) {
      from = justAfter(options.startAfter);
    }
    let page: readonly Row[];
    do {
      options.signal?.throwIfAborted();
      const parameters = [from, endOfPrefix(prefix), pageSize];
      page = await this.#calls.run(() =>
        this.#parts.database.read({ sql: SQL.selectPage, parameters }, options),
      );
      for (const row of page) {
        options.signal?.throwIfAborted();
        const entry = entryOf(row);
        yield entry;
        from = justAfter(entry.key);
      }
    } while (page.length === pageSize);
  }

  async sweep(now: Date, onExpired?: (key: ObjectKey) => void): Promise<number> {
    return this.#calls.run(() => this.#sweeper.sweep(now, onExpired));
  }

  async check(): Promise<void> {
    await this.#calls.run(async () => {
      await this.#parts.database.write([{ sql: SQL.touch }]);
      await this.#parts.database.read({ sql: SQL.selectObject, parameters: [''] });
    });
  }

  /** Leaves the database open: its owner closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#calls.close();
    await this.#parts.files.close();
  }

  /** @param file - generation of the file to remove if nothing is written */
  async #write(statements: readonly Statement[], file: number | null, patience: CallPatience) {
    try {
      return await this.#parts.database.write(statements, { ...patience, leavesReserve: true });
    } catch (error) {
      if (file !== null) {
        const unknown = error instanceof DatabaseUnavailableError && error.outcomeUnknown;
        if (unknown) {
          this.#sweeper.suspect(file);
        } else {
          await this.#sweeper.removeFiles([file]);
        }
      }
      throw error;
    }
  }

  async #bodyOf(row: Row, patience: CallPatience): Promise<Uint8Array | null> {
    if (row.in_file === 1) {
      const [generation, sizeOctets] = [Number(row.generation), Number(row.size_octets)];
      return this.#parts.files.read(generation, sizeOctets, patience);
    }
    return row.body instanceof Uint8Array ? row.body : null;
  }
}

function entryOf(row: Row): ObjectEntry {
  return {
    key: String(row.key),
    generation: String(row.generation),
    expiresAt: new Date(Number(row.expires_at_ms)),
    sizeOctets: Number(row.size_octets),
    storedAt: new Date(Number(row.stored_at_ms)),
  };
}

/** NaN for a generation that this store never gives. */
function numberOf(generation: Generation): number {
  return /^[1-9][0-9]{0,15}$/.test(generation) ? Number(generation) : Number.NaN;
}

/** Sorts right after `key`, before any greater valid key. */
function justAfter(key: ObjectKey): string {
  return `${key}\u0001`;
}
