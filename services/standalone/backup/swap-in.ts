import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { restoringMark } from '#sqlite/examine.ts';
import { REPLACED, WITH_THE_DATABASE } from './data-files.ts';

/**
 * Puts what was unpacked in the place of a gateway's data. While it does so a file stands that keeps
 * gateways from starting; after a crash, another restore finishes the work.
 *
 * @returns the folder that what was there before was put into; null if there was nothing
 */
export async function swapIn({
  dataFolder,
  from,
  now,
  database,
}: {
  readonly dataFolder: string;
  readonly from: string;
  readonly now: Date;
  readonly database: string;
}): Promise<string | null> {
  const mark = restoringMark(database);
  const unpacked = await readdir(from);
  const old = (await readdir(dataFolder)).filter(
    (name) =>
      REPLACED.includes(name) && (unpacked.includes(name) || WITH_THE_DATABASE.includes(name)),
  );
  const aside = join(dataFolder, `replaced-${now.toISOString().replaceAll(/[:.]/g, '-')}`);
  await createDurably(mark);
  await syncFolder(dataFolder);
  if (old.length > 0) {
    await mkdir(aside, { recursive: true, mode: 0o700 });
  }
  for (const name of old) {
    await rename(join(dataFolder, name), join(aside, name));
  }
  for (const name of unpacked) {
    await syncIfFolder(join(from, name));
    await rename(join(from, name), join(dataFolder, name));
  }
  await syncFolder(dataFolder);
  await rm(mark);
  await syncFolder(dataFolder);
  return old.length > 0 ? aside : null;
}

async function createDurably(path: string): Promise<void> {
  // As another file, whatever is there: root must not write through a link.
  await rm(path, { force: true });
  await using file = await open(path, 'wx', 0o600);
  await file.sync();
}

async function syncIfFolder(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

async function syncFolder(path: string): Promise<void> {
  await syncIfFolder(path);
}
