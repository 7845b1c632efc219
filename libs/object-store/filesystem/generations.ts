import type { Database } from '#sqlite/database.ts';
import { SQL } from './layout.ts';

/** Reserved at a time; what is left of a block when the process ends is never used. */
const BLOCK = 2 ** 20;

/**
 * Gives each number once, even across restarts. Each start or 2^20 objects take a block of 2^20;
 * 2^53 numbers outlast any disk.
 */
export class Generations {
  /** The lowest number this can give; earlier processes gave lower ones only. */
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
