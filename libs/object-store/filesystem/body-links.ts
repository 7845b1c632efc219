import { link, mkdir, opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { unlessAbsent, unlessCode } from '#backing/system-errors.ts';

/** The folder for large bodies, beside the database. */
export const BODY_FOLDER = 'objects';

/** A body in a file of its own. */
interface BodyFile {
  readonly name: string;
  readonly sizeOctets: number;
}

/** Folders on one file system. */
interface Folders {
  readonly from: string;
  readonly to: string;
}

/**
 * Links the files of large bodies into a new folder, so that they outlast their deletion. Takes no
 * room.
 *
 * Call it before a snapshot of the database is made, and {@link linkMissingBodies} after.
 */
export async function linkBodies({ from, to }: Folders): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  const folder = await opendir(from).catch(unlessAbsent);
  for await (const { name } of folder ?? []) {
    await hasLinked(join(from, name), join(to, name));
  }
}

/**
 * Links what was stored while the snapshot was made, and removes from the snapshot the few objects
 * that were deleted again before this call.
 *
 * @param snapshot - path of the snapshot
 */
export async function linkMissingBodies(snapshot: string, { from, to }: Folders): Promise<void> {
  const gone: string[] = [];
  for (const { name } of bodyFilesIn(snapshot)) {
    if (!(await hasLinked(join(from, name), join(to, name)))) {
      gone.push(name);
    }
  }
  using database = new DatabaseSync(snapshot);
  for (const name of gone) {
    const sql = 'DELETE FROM objects WHERE in_file = 1 AND generation = ?';
    database.prepare(sql).run(Number(name));
  }
}

/**
 * Yields the files that the objects of a database have.
 *
 * @param path - of a database that no process writes
 */
export function* bodyFilesIn(path: string): Generator<BodyFile, void, undefined> {
  using database = new DatabaseSync(path, { readOnly: true });
  const sql = 'SELECT generation, size_octets FROM objects WHERE in_file = 1 ORDER BY generation';
  const hasObjects = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'objects'").get();
  for (const row of hasObjects ? database.prepare(sql).iterate() : []) {
    yield { name: String(row.generation), sizeOctets: Number(row.size_octets) };
  }
}

/** @returns false if there is nothing to link, and nothing linked */
async function hasLinked(from: string, to: string): Promise<boolean> {
  const made = await link(from, to).catch(unlessCode('ENOENT', 'EEXIST'));
  return made !== null || (await stat(to).catch(unlessAbsent)) !== null;
}
