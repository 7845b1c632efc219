import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#clock/clock.ts';
import { DATABASE_FILE } from '#composition/data-folder.ts';
import { LOCAL_LAYOUTS } from '#composition/local-layouts.ts';
import { type Damage, halfRestored, incomplete, malformed } from '#sqlite/damage.ts';
import type { Database } from '#sqlite/database.ts';
import { restoringMark } from '#sqlite/examine.ts';
import { readLayouts } from '#sqlite/migrate.ts';
import { openToLook } from '#sqlite/open-database.ts';
import { type Left, leftWithMark } from '#sqlite/open-mark.ts';
import { type Finding, ill, note, well } from './finding.ts';

const SUBJECT = 'database';
/** A check reads the whole file; whoever waits ends it. */
const CHECK_DEADLINE_MS = 3_600_000;
/** A page is read. */
const LOOK_DEADLINE_MS = 10_000;
/** SQLite names each fault that it finds, up to so many. */
const MOST_FAULTS = 3;

/** Whether the database in the data folder is sound, and of which version. */
export async function databaseFindings(folder: string, clock: Clock): Promise<readonly Finding[]> {
  const path = join(folder, DATABASE_FILE);
  if (existsSync(restoringMark(path))) {
    return [unusable(halfRestored(folder))];
  }
  const found = await stat(path).catch(() => null);
  if (!found) {
    return [note(SUBJECT, `there is no ${path} yet`, 'It is made when the gateway first starts.')];
  }
  if (!found.isFile()) {
    return [unusable(malformed(path, 'it is no ordinary file'))];
  }
  // Looking may make an empty one.
  const hasLog = await stat(`${path}-wal`).then(
    ({ size }) => size > 0,
    () => false,
  );
  try {
    await using database = await openToLook(path, { deadlineMs: CHECK_DEADLINE_MS, clock });
    const faults = await checkPages(database);
    if (faults.length > 0) {
      return [unusable(malformed(path, faults.join('; ')))];
    }
    const damage = incomplete(path, await howLeft(database, path, hasLog));
    return [
      damage ? unusable(damage) : well(SUBJECT, 'its pages and indexes are sound'),
      ...(await layoutFindings(database)),
    ];
  } catch (error) {
    return [unusable(malformed(path, error instanceof Error ? error.message : String(error)))];
  }
}

/**
 * Whether no gateway has run on the database since it came here: by a restore, by moving the folder, or
 * by a command.
 *
 * @returns false also if there is none that can be read
 */
export async function isUnused(folder: string, clock: Clock): Promise<boolean> {
  const path = join(folder, DATABASE_FILE);
  try {
    if (!(await stat(path)).isFile()) {
      return false;
    }
    await using database = await openToLook(path, { deadlineMs: LOOK_DEADLINE_MS, clock });
    return ['unmarked', 'moved'].includes(await howLeft(database, path, false));
  } catch {
    return false;
  }
}

async function checkPages(database: Database): Promise<readonly string[]> {
  const rows = await database.read({ sql: `PRAGMA quick_check(${MOST_FAULTS})` });
  const said = rows.map((row) => String(row.quick_check));
  return said.join() === 'ok' ? [] : said;
}

async function howLeft(database: Database, path: string, hasLog: boolean): Promise<Left> {
  const [row] = await database.read({ sql: 'PRAGMA user_version' });
  return leftWithMark(Number(row?.user_version), path, hasLog);
}

async function layoutFindings(database: Database): Promise<readonly Finding[]> {
  const layouts = await readLayouts(database);
  const newer = [...layouts].filter(
    ([component, version]) => version > (LOCAL_LAYOUTS.get(component) ?? 0),
  );
  const pending = [...LOCAL_LAYOUTS].filter(([component, version]) => {
    // What came to others later is missing beside them only.
    const isOld =
      layouts.has(component) ||
      [...layouts.keys()].some((each) => component.startsWith(`${each}-`));
    return isOld && (layouts.get(component) ?? 0) < version;
  });
  if (newer.length > 0) {
    const names = newer.map(([component, version]) => `${component} ${version}`).join(', ');
    return [
      ill(SUBJECT, `a newer version of the gateway wrote it (${names})`, {
        why: 'This version cannot read it, and does not start.',
        remedy: 'Install that version, or a newer one; or restore a backup that this version made.',
      }),
    ];
  }
  const names = pending.map(([component]) => component).join(', ');
  return pending.length === 0
    ? []
    : [
        note(
          'upgrade',
          `the data are upgraded when the gateway next starts (${names})`,
          'Make a backup before: older versions cannot read them afterwards.',
        ),
      ];
}

function unusable({ fault, remedy }: Damage): Finding {
  return ill(SUBJECT, fault, {
    why: 'A gateway does not start on it, as parcels that it accepted may be lost or undeliverable.',
    remedy,
  });
}
