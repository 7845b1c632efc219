import { open, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { OddFileError } from '#backing/ordinary-files.ts';
import { ownFile, ownFilesIn } from '#backing/owner-only.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import type { CallOptions, Database, Row, Statement, WriteResult } from './database.ts';
import { DatabaseThread } from './database-thread.ts';
import { type Addition, type ClaimedRoom, DiskRoom, leftOctets } from './disk-room.ts';
import { DatabaseFullError, DatabaseUnavailableError, StatementFailedError } from './errors.ts';
import { assertOrdinaryDatabase } from './ordinary-database.ts';
import type { ReaderOptions } from './reader-thread.ts';
import type { WriterOptions } from './writer-thread.ts';

/** At 100 MB/s, a third of a second. */
const MAX_PENDING_OCTETS = 32 * 1_024 * 1_024;

/** How to open a database. */
export interface OpenDatabaseOptions {
  /**
   * Whether to open it beside the owning process, as maintenance commands do, rather than own it.
   * @default false
   */
  readonly shared?: boolean;
  /**
   * Whether to take over a copy of an open database, or a database without its log, once it was
   * checked in full. @default false
   */
  readonly adopts?: boolean;
  /** Deadline of each call. */
  readonly deadlineMs: number;
  /** Octets of writes that may await their sync, and the same again of reads. @default {@link MAX_PENDING_OCTETS} */
  readonly maxPendingOctets?: number;
  /** Largest size of the database file, in octets; by default, whatever fits on the disk. */
  readonly maxFileOctets?: number;
  /** Whether to keep disk space in reserve for deletions. @default false */
  readonly keepsReserve?: boolean;
  /** Measures deadlines. */
  readonly clock?: Clock;
}

/**
 * Opens the database in the file `path`, in an existing folder, and creates it if missing. Only the
 * file's owner can read it from then on.
 *
 * @throws {DatabaseInUseError} if another process owns it, or this process has it open
 * @throws {DatabaseDamagedError} if it is damaged, or a copy of one that was open
 * @throws {DatabaseUnavailableError} if it cannot be opened
 */
export async function openDatabase(path: string, options: OpenDatabaseOptions): Promise<Database> {
  const writerOptions: WriterOptions = {
    path,
    exclusive: !options.shared,
    adopts: options.adopts ?? false,
    maxFileOctets: options.maxFileOctets ?? null,
  };
  const readerOptions: ReaderOptions = { path };
  await using opened = new AsyncDisposableStack();
  const { clock = systemClock } = options;
  const unusedOctets = () => unusedOctetsIn(reader);
  const room = options.keepsReserve ? new DiskRoom({ path, clock, unusedOctets }) : null;
  await room?.prepare();
  await keepFromOthers(path, options.shared ? [path] : [path, `${path}.lock`]);
  const start = (module: string, workerData: object) => {
    const thread = new DatabaseThread({
      path,
      module: new URL(module, import.meta.url),
      workerData,
      clock,
      deadlineMs: options.deadlineMs,
      maxPendingOctets: options.maxPendingOctets ?? MAX_PENDING_OCTETS,
    });
    opened.defer(() => thread.close());
    return thread;
  };
  const writer = start('./writer-thread.ts', writerOptions);
  const reader: DatabaseThread = start('./reader-thread.ts', readerOptions);
  await Promise.all([writer.started(), reader.started()]);
  await reader.call([{ sql: 'SELECT 1' }]);
  await syncFolderOf(path);
  if (room) {
    opened.use(room);
    room.keep();
  }
  return new ThreadedDatabase({ writer, reader, room, threads: opened.move() });
}

/**
 * Opens an existing database to look at it: whoever writes to it is not hindered, nothing is written
 * or upgraded, and no file is made unless there are files of a writer beside it.
 *
 * @throws {DatabaseUnavailableError} if there is no such ordinary file
 */
export async function openToLook(
  path: string,
  { deadlineMs, clock = systemClock }: Pick<OpenDatabaseOptions, 'deadlineMs' | 'clock'>,
): Promise<Database> {
  await stat(path);
  try {
    assertOrdinaryDatabase(path);
  } catch (cause) {
    throw new DatabaseUnavailableError(`${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
  const beside = await Promise.all(
    [`${path}-wal`, `${path}-shm`].map((each) => stat(each).catch(() => null)),
  );
  const readerOptions: ReaderOptions = { path, isStill: beside.every((each) => each === null) };
  const reader = new DatabaseThread({
    path,
    module: new URL('./reader-thread.ts', import.meta.url),
    workerData: readerOptions,
    clock,
    deadlineMs,
    maxPendingOctets: MAX_PENDING_OCTETS,
  });
  await reader.started();
  return new SeenDatabase(path, reader);
}

async function unusedOctetsIn(reader: DatabaseThread): Promise<number> {
  const sql =
    'SELECT freelist_count * page_size AS octets FROM pragma_freelist_count, pragma_page_size';
  const { rows } = await reader.call([{ sql }]);
  return Number(rows[0]?.[0]?.octets);
}

interface Threads {
  readonly writer: DatabaseThread;
  readonly reader: DatabaseThread;
  readonly room: DiskRoom | null;
  /** Closes both, the writer last. */
  readonly threads: AsyncDisposableStack;
}

class ThreadedDatabase implements Database {
  readonly #threads: Threads;

  constructor(threads: Threads) {
    this.#threads = threads;
  }

  async write(statements: readonly Statement[], options: CallOptions = {}): Promise<WriteResult> {
    const { writer, room } = this.#threads;
    const releases = room?.releases;
    try {
      return await writer.call(statements, options);
    } catch (error) {
      const mayUseReserve = error instanceof DatabaseFullError && !options.leavesReserve;
      if (!mayUseReserve) {
        throw error;
      }
      await room?.release();
      // By this write, or by another that found the disk full at the same time.
      if (room?.releases === releases) {
        throw error;
      }
    }
    return writer.call(statements, options);
  }

  async claimRoom(addition: Addition): Promise<ClaimedRoom | null> {
    const { room } = this.#threads;
    return room ? room.claim(addition) : { isWithin: false, [Symbol.dispose]: () => {} };
  }

  async roomOctets(): Promise<number | null> {
    return (await this.#threads.room?.leftOctets()) ?? null;
  }

  async read(statement: Statement, options?: CallOptions): Promise<readonly Row[]> {
    const { rows } = await this.#threads.reader.call([statement], options);
    return rows[0] ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#threads.threads.disposeAsync();
  }
}

/** A database that takes no writes. */
class SeenDatabase implements Database {
  readonly #path: string;
  readonly #reader: DatabaseThread;

  constructor(path: string, reader: DatabaseThread) {
    this.#path = path;
    this.#reader = reader;
  }

  async write(): Promise<WriteResult> {
    throw new StatementFailedError('the database was opened to look at it only');
  }

  async claimRoom(): Promise<ClaimedRoom | null> {
    return null;
  }

  async roomOctets(): Promise<number> {
    return leftOctets({ path: this.#path, unusedOctets: () => unusedOctetsIn(this.#reader) });
  }

  async read(statement: Statement, options?: CallOptions): Promise<readonly Row[]> {
    const { rows } = await this.#reader.call([statement], options);
    return rows[0] ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.close();
  }
}

/**
 * SQLite gives the files that it creates beside these the same mode, but leaves existing ones as
 * they are.
 */
async function keepFromOthers(path: string, made: readonly string[]): Promise<void> {
  try {
    assertOrdinaryDatabase(path);
    for (const file of made) {
      await ownFile(file);
    }
    await ownFilesIn(dirname(path), basename(path));
  } catch (cause) {
    const message = cause instanceof OddFileError ? cause.message : `${path} cannot be used`;
    throw new DatabaseUnavailableError(message, { cause });
  }
}

/** Makes newly created file names survive a power cut. */
async function syncFolderOf(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r');
  await folder.sync().finally(() => folder.close());
}
