import type { Database } from '#sqlite/database.ts';
import { SQL } from './layout.ts';

/** Reserved at once; what is left of a block when the process ends is never used. */
const BLOCK = 2 ** 20;

/**
 * Numbers that are never given twice, not even after a restart: at 2^20 per start
 * or per as many objects, 2^53 outlast every disk.
 */
export class Generations {
  /** The least that this can give; earlier processes gave only lower ones. */
  readonly first: number;
  readonly #database: Database;
  #next: number;
  #end: number;
  #reserving: Promise<void> | null = null;

  private constructor(database: Database, first: number) {
    this.#database = database;
    this.first = first;
    this.#next = first;
    this.#end = first + BLOCK;
  }

  static async open(database: Database): Promise<Generations> {
    return new Generations(database, await reserve(database));
  }

  async next(): Promise<number> {
    while (this.#next === this.#end) {
      this.#reserving ??= this.#reserve();
      await this.#reserving;
    }
    return this.#next++;
  }

  async #reserve(): Promise<void> {
    try {
      this.#next = await reserve(this.#database);
      this.#end = this.#next + BLOCK;
    } finally {
      this.#reserving = null;
    }
  }
}

async function reserve(database: Database): Promise<number> {
  const { rows } = await database.write([
    { sql: SQL.reserveGenerations, parameters: [BLOCK, BLOCK] },
  ]);
  return Number(rows[0]?.[0]?.first);
}
