import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Database } from '#sqlite/database.ts';

/**
 * The SQLite databases in use by this process, one for each data folder, shared by
 * the adapters in it so that they share its syncs.
 */
export class LocalDatabases implements AsyncDisposable {
  readonly #databases = new Map<string, Promise<Database>>();
  readonly #beside: boolean;

  /** @param options.beside - opens them beside the process that owns them, as maintenance commands do */
  constructor({ beside }: { readonly beside: boolean }) {
    this.#beside = beside;
  }

  /** The database in a data folder, which is created if need be; closed with all the others. */
  in(folder: string): Promise<Database> {
    const path = resolve(folder);
    const opening = this.#databases.get(path) ?? this.#open(path);
    this.#databases.set(path, opening);
    return opening;
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
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return openDatabase(join(folder, 'gateway.db'), { shared: this.#beside });
  }
}
