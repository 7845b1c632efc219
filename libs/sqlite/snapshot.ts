import { backup, DatabaseSync } from 'node:sqlite';
import { assertIntact } from './examine.ts';
import { assertOrdinaryDatabase } from './ordinary-database.ts';

/** All of a database's pages in one step: between steps, a writing gateway would make it start over. */
const PAGES_PER_STEP = 2 ** 31 - 1;

/**
 * Copies a database as it is at one moment, beside the process that owns it, and checks the copy in
 * full. The owner goes on writing; its log grows meanwhile.
 *
 * @param to - a file that does not exist yet; nobody's mark is on it, so any gateway may open it
 * @throws {DatabaseDamagedError} if the database is damaged
 * @throws {OddFileError} if it is no file
 */
export async function snapshotDatabase(path: string, to: string): Promise<void> {
  assertOrdinaryDatabase(path);
  using source = new DatabaseSync(path, { readOnly: true, timeout: 20_000 });
  await backup(source, to, { rate: PAGES_PER_STEP });
  using copy = new DatabaseSync(to);
  // Without a log of its own, the copy is one file.
  copy.exec('PRAGMA journal_mode = DELETE; PRAGMA user_version = 0');
  assertIntact(copy, path);
}
