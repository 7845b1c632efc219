import { join, resolve } from 'node:path';
import { ownFolder } from '#backing/owner-only.ts';
import type { Log } from '#log/log.ts';
import type { Database } from '#sqlite/database.ts';
import { DATABASE_FILE } from './data-folder.ts';

/**
 * The SQLite databases of this process, one per data folder. Adapters share them, and so their
 * syncs.
 */
export class LocalDatabases implements AsyncDisposable {
  readonly #databases = new Map<string, Promise<Database>>();
  readonly #beside: boolean;
  readonly #log: Log;
  readonly #deadlineMs: number;

  /**
   * @param options.beside - opens them beside the process that owns them, as maintenance commands do
   * @param options.deadlineMs - longest time for a call to one of them
   */
  constructor({
    beside,
    log,
    deadlineMs,
  }: {
    readonly beside: boolean;
    readonly log: Log;
    readonly deadlineMs: number;
  }) {
    this.#beside = beside;
    this.#deadlineMs = deadlineMs;
    this.#log = log;
  }

  /** The database of a data folder, created if missing; closed with the others. */
  in(folder: string): Promise<Database> {
    const path = resolve(folder);
    const opening = this.#databases.get(path) ?? this.#open(path);
    this.#databases.set(path, opening);
    return opening;
  }

  /**
   * Octets that their disks still take before anything is refused; null if none keeps a reserve.
   */
  async roomOctets(): Promise<number | null> {
    const rooms: number[] = [];
    for (const opening of this.#databases.values()) {
      const octets = await (await opening).roomOctets();
      rooms.push(...(octets === null ? [] : [octets]));
    }
    return rooms.length > 0 ? Math.min(...rooms) : null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await Promise.allSettled(this.#databases.values());
    for (const result of opened) {
      if (result.status === 'fulfilled') {
        await result.value[Symbol.asyncDispose]();
      }
    }
  }

  async #open(folder: string): Promise<Database> {
    const { openDatabase } = await import('#sqlite/open-database.ts');
    if ((await ownFolder(folder)) === 'foreign') {
      this.#log.warn(
        { path: folder },
        'Others may enter the data folder, which belongs to another user',
      );
    }
    const deadlineMs = this.#deadlineMs;
    const options = { shared: this.#beside, keepsReserve: !this.#beside, deadlineMs };
    return openDatabase(join(folder, DATABASE_FILE), options);
  }
}
