import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { syncToDisk, writeDurably } from '#backing/durable-files.ts';
import { isThere } from '#backing/ordinary-files.ts';
import { restoringMark } from '#sqlite/examine.ts';
import { REPLACED, WITH_THE_DATABASE } from './data-files.ts';

/**
 * Puts what was unpacked in the place of a gateway's data. While it does so a file stands that keeps
 * gateways from starting; after a crash, another restore finishes the work. If something cannot be
 * moved, as on a full disk, all is put back.
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
  for (const name of unpacked) {
    await syncToDisk(join(from, name));
  }
  const moves = [
    ...old.map((name) => [join(dataFolder, name), join(aside, name)] as const),
    ...unpacked.map((name) => [join(from, name), join(dataFolder, name)] as const),
  ];
  await takeAll([
    ...(old.length > 0 ? [asideMade(aside)] : []),
    ...((await isThere(mark)) ? [] : [marked(mark)]),
    synced(dataFolder),
    ...moves.map(([before, after]) => moved(before, after)),
    synced(dataFolder),
  ]);
  await rm(mark);
  await syncToDisk(dataFolder);
  return old.length > 0 ? aside : null;
}

/** A change, and what takes it back. */
interface Step {
  readonly take: () => Promise<unknown>;
  readonly undo: () => Promise<unknown>;
}

/** @throws what a step throws, once those before it were taken back, as far as they can be */
async function takeAll(steps: readonly Step[]): Promise<void> {
  const taken: Step[] = [];
  try {
    for (const step of steps) {
      await step.take();
      taken.push(step);
    }
  } catch (error) {
    await undoAll(taken);
    throw error;
  }
}

/** The last first. If one fails, those before it stay, the mark among them, which says so. */
async function undoAll(taken: readonly Step[]): Promise<void> {
  try {
    for (const { undo } of taken.toReversed()) {
      await undo();
    }
  } catch {
    // What failed first is told.
  }
}

function asideMade(aside: string): Step {
  return { take: () => mkdir(aside, { mode: 0o700 }), undo: () => rmdir(aside) };
}

/** If an earlier restore was cut short, it is marked already, and stays so whatever happens. */
function marked(mark: string): Step {
  const undo = () => rm(mark, { force: true });
  const take = async () => {
    // As another file, whatever is there.
    await undo();
    try {
      await writeDurably(mark, '');
    } catch (error) {
      await undo();
      throw error;
    }
  };
  return { take, undo };
}

function moved(before: string, after: string): Step {
  return { take: () => rename(before, after), undo: () => rename(after, before) };
}

function synced(folder: string): Step {
  return { take: () => syncToDisk(folder), undo: async () => {} };
}
