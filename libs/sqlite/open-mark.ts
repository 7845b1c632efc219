import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

/**
 * How a database was left: `closed`; `died`, by a process that did not close it; `moved` to another
 * file after it was closed; `copied` while it was open or had not been closed; `without-log` by
 * whoever removed the log of one that was not closed; `unmarked` by an earlier version.
 */
export type Left = 'closed' | 'died' | 'moved' | 'copied' | 'without-log' | 'unmarked';

/**
 * Says in a database itself whether a process has it open, and which file it is. A copy of a
 * database that is being written can lack pages and yet look sound, but it carries the mark of
 * another file.
 *
 * SQLite's `user_version` holds the mark, in the first page: a number for the file while it is open,
 * minus that number once it is closed, 0 from earlier versions.
 */
export class OpenMark {
  readonly #database: DatabaseSync;
  readonly #ofFile: number;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#ofFile = numberOf(path);
  }

  /** @param hasLog - whether there was a log before this process opened the database */
  left(hasLog: boolean): Left {
    return leftBy(this.#read(), { ofFile: this.#ofFile, hasLog });
  }

  /** Marks it open, also in the file without its log. */
  open(): void {
    this.#write(this.#ofFile);
    this.#database.exec('PRAGMA wal_checkpoint(FULL)');
  }

  closed(): void {
    this.#write(-this.#ofFile);
  }

  /** Marks it closed if it is marked open, and is the file that was. */
  closedIfOpen(): void {
    if (this.#read() === this.#ofFile) {
      this.closed();
    }
  }

  #read(): number {
    return Number(this.#database.prepare('PRAGMA user_version').get()?.user_version);
  }

  #write(mark: number): void {
    this.#database.exec(`PRAGMA user_version = ${mark}`);
  }
}

/**
 * The same by a mark that was read elsewhere.
 *
 * @param mark - SQLite's `user_version`
 */
export function leftWithMark(mark: number, path: string, hasLog: boolean): Left {
  return leftBy(mark, { ofFile: numberOf(path), hasLog });
}

function leftBy(
  mark: number,
  { ofFile, hasLog }: { readonly ofFile: number; readonly hasLog: boolean },
): Left {
  if (mark === 0) {
    return 'unmarked';
  }
  if (Math.abs(mark) !== ofFile) {
    return mark > 0 ? 'copied' : 'moved';
  }
  if (mark < 0) {
    return 'closed';
  }
  return hasLog ? 'died' : 'without-log';
}

/** From 1 to 2^31 - 1. Inodes alone are alike on machines that were set up alike. */
function numberOf(path: string): number {
  const { ino, birthtimeNs } = statSync(path, { bigint: true });
  const digest = createHash('sha256').update(`${ino} ${birthtimeNs}`).digest();
  return (digest.readUInt32BE() % (2 ** 31 - 1)) + 1;
}
