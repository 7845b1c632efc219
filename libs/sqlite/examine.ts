import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { halfRestored, incomplete, malformed } from './damage.ts';
import { DatabaseDamagedError } from './errors.ts';
import { isCorrupt } from './failure.ts';
import { type Left, OpenMark } from './open-mark.ts';

const MIB = 1_024 * 1_024;

/**
 * Largest database that is checked in full after it was closed, after its process died, and if it
 * was moved or never marked. Checking 1 GiB takes a second or two from memory, and from the disk as
 * long as reading it; phones come back 3 s after a restart.
 */
const MAX_CHECKED_CLOSED_OCTETS = 256 * MIB;
const MAX_CHECKED_DEAD_OCTETS = 1_024 * MIB;
const MAX_CHECKED_MOVED_OCTETS = 4_096 * MIB;

/** What an examination may take on trust. */
interface ExamineOptions {
  /** Whether to take over a copy, or a database without its log, once it was checked. */
  readonly adopts: boolean;
}

/**
 * Examines a database before it is opened, and changes nothing.
 *
 * A small one is checked in full: its pages, and that its indexes agree with its tables. SQLite
 * promises as much of a large one that was closed or whose process died; whoever wants certainty
 * adopts it.
 *
 * @throws {DatabaseDamagedError} if it is damaged, or may lack what was accepted
 */
export function examine(path: string, { adopts }: ExamineOptions): void {
  if (existsSync(restoringMark(path))) {
    throw DatabaseDamagedError.by(halfRestored(dirname(path)));
  }
  const octets = octetsOf(path);
  if (octets === 0) {
    return;
  }
  // Looking makes an empty one.
  const hasLog = octetsOf(`${path}-wal`) > 0;
  try {
    using database = new DatabaseSync(path, { readOnly: true, timeout: 1_000 });
    const left = new OpenMark(database, path).left(hasLog);
    if (!adopts) {
      refuseIncomplete(path, left);
    }
    if (adopts || octets <= mostChecked(left)) {
      assertIntact(database, path);
    }
  } catch (error) {
    throw damagedIfCorrupt(error, path);
  }
}

/** The file that stands while a backup takes a database's place. */
export function restoringMark(path: string): string {
  return `${path}.restoring`;
}

function refuseIncomplete(path: string, left: Left): void {
  const damage = incomplete(path, left);
  if (damage) {
    throw DatabaseDamagedError.by(damage);
  }
}

function mostChecked(left: Left): number {
  switch (left) {
    case 'closed':
      return MAX_CHECKED_CLOSED_OCTETS;
    case 'died':
      return MAX_CHECKED_DEAD_OCTETS;
    default:
      return MAX_CHECKED_MOVED_OCTETS;
  }
}

/**
 * Checks the database in a file that no process writes, as {@link assertIntact}.
 *
 * @throws {DatabaseDamagedError}
 */
export function assertIntactFile(path: string): void {
  using database = new DatabaseSync(path, { readOnly: true });
  assertIntact(database, path);
}

/**
 * Checks every page of an open database, and that its indexes agree with its tables.
 *
 * @param path - for the message
 * @throws {DatabaseDamagedError}
 */
export function assertIntact(database: DatabaseSync, path: string): void {
  try {
    const found = database.prepare('PRAGMA integrity_check(1)').get()?.integrity_check;
    if (found !== 'ok') {
      throw DatabaseDamagedError.by(malformed(path, String(found)));
    }
  } catch (error) {
    throw damagedIfCorrupt(error, path);
  }
}

function octetsOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** @returns what SQLite says of a database that it cannot read, in words for the operator; others as they are */
export function damagedIfCorrupt(error: unknown, path: string): unknown {
  return isCorrupt(error) ? DatabaseDamagedError.by(malformed(path, messageOf(error))) : error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
