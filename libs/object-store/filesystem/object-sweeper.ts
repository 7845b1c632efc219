import type { Database } from '#sqlite/database.ts';
import type { ObjectKey } from '../port.ts';
import type { BodyFiles } from './body-files.ts';
import type { Generations } from './generations.ts';
import { SQL } from './layout.ts';

interface ObjectSweeperParts {
  readonly database: Database;
  readonly files: BodyFiles;
  readonly generations: Generations;
}

/** Few enough to delay other writers by milliseconds only. */
const EXPIRED_PER_WRITE = 100;
const FILES_PER_READ = 500;

/** Removes expired objects, and files that no object refers to. */
export class ObjectSweeper {
  readonly #parts: ObjectSweeperParts;
  /** Files of this process that may lack a row. */
  readonly #suspects = new Set<number>();
  #earlierFilesSwept = false;

  constructor(parts: ObjectSweeperParts) {
    this.#parts = parts;
  }

  /** Lets the next sweep remove the file if no object refers to it. */
  suspect(generation: number): void {
    this.#suspects.add(generation);
  }

  /** Removes files that no object refers to any more; where that fails, the next sweep does. */
  async removeFiles(generations: readonly number[]): Promise<void> {
    for (const generation of generations) {
      await this.#parts.files.remove(generation).catch(() => this.suspect(generation));
    }
  }

  /**
   * Calls `onExpired` with the key of each expired object.
   *
   * @returns the number of expired objects removed
   */
  async sweep(now: Date, onExpired: (key: ObjectKey) => void = () => {}): Promise<number> {
    // Taken before the write below, which ends after every write whose outcome was unknown by now.
    const suspects = [...this.#suspects];
    const expired = await this.#sweepExpired(now, onExpired);
    for (const generation of suspects) {
      this.#suspects.delete(generation);
    }
    await this.#removeUnreferenced(suspects);
    if (!this.#earlierFilesSwept) {
      await this.#sweepEarlierFiles();
      this.#earlierFilesSwept = true;
    }
    return expired;
  }

  async #sweepExpired(now: Date, onExpired: (key: ObjectKey) => void): Promise<number> {
    const parameters = [now.getTime(), EXPIRED_PER_WRITE];
    let total = 0;
    let removed: number;
    do {
      const { rows } = await this.#parts.database.write([
        { sql: SQL.deleteExpiredBodies, parameters },
        { sql: SQL.deleteExpiredObjects, parameters },
      ]);
      const objects = rows[1] ?? [];
      await this.removeFiles(
        objects.filter((row) => row.in_file === 1).map((row) => Number(row.generation)),
      );
      for (const { key } of objects) {
        onExpired(String(key));
      }
      removed = objects.length;
      total += removed;
    } while (removed === EXPIRED_PER_WRITE);
    return total;
  }

  /**
   * Removes files left by earlier processes that died. Once is enough: this process keeps track of
   * its own.
   */
  async #sweepEarlierFiles(): Promise<void> {
    let batch: number[] = [];
    for await (const generation of this.#parts.files.generations()) {
      if (generation < this.#parts.generations.first) {
        batch.push(generation);
      }
      if (batch.length === FILES_PER_READ) {
        await this.#removeUnreferenced(batch);
        batch = [];
      }
    }
    await this.#removeUnreferenced(batch);
  }

  async #removeUnreferenced(generations: readonly number[]): Promise<void> {
    if (generations.length === 0) {
      return;
    }
    try {
      const rows = await this.#parts.database.read({
        sql: SQL.selectUnreferenced,
        parameters: [JSON.stringify(generations)],
      });
      await this.removeFiles(rows.map((row) => Number(row.generation)));
    } catch (error) {
      for (const generation of generations) {
        this.suspect(generation);
      }
      throw error;
    }
  }
}
