import { existsSync, rmSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ownFile } from '#backing/owner-only.ts';
import { takeLock } from '#sqlite/database-lock.ts';
import { DatabaseInUseError } from '#sqlite/errors.ts';
import { atSignal } from './at-signal.ts';
import { BackupError } from './backup-error.ts';

/** One backup or restore of a data folder at a time. */
const LOCK = 'backup';

/** How often a signal removes a folder that is being written to. */
const MOST_REMOVALS = 10;

/** A folder for the time of a backup or restore; disposing of it, or a signal, removes it. */
interface WorkFolder extends AsyncDisposable {
  readonly path: string;
}

/**
 * Makes an empty folder in the data folder, and removes what an earlier process left there.
 *
 * @throws {BackupError} while another process backs up or restores the same data folder
 */
export async function openWorkFolder(dataFolder: string, name: string): Promise<WorkFolder> {
  const lockFile = join(dataFolder, `${LOCK}.lock`);
  await ownFile(lockFile);
  const lock = lockBackups(dataFolder);
  const path = join(dataFolder, name);
  const remove = () => rm(path, { recursive: true, force: true });
  // First, as a signal may come as soon as the folder is there. Otherwise whoever is tired of waiting
  // would leave a copy of the database, and links that keep the room of deleted parcels taken.
  const untilSignal = atSignal(() => removeNow(path));
  try {
    await remove();
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    untilSignal[Symbol.dispose]();
    lock[Symbol.dispose]();
    throw error;
  }
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      using _lock = lock;
      using _signals = untilSignal;
      await remove();
    },
  };
}

/**
 * Removes a folder, though what is under way when a signal comes writes to it: a file that comes
 * meanwhile makes the removal fail (ENOTEMPTY), and one that goes makes it end too early, without an error.
 */
function removeNow(path: string): void {
  for (let removals = 0; removals < MOST_REMOVALS && existsSync(path); removals++) {
    rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 10 });
  }
}

function lockBackups(dataFolder: string): Disposable {
  try {
    return takeLock(join(dataFolder, LOCK), 0);
  } catch (error) {
    if (error instanceof DatabaseInUseError) {
      throw new BackupError(`another backup or restore of ${dataFolder} is running`);
    }
    throw error;
  }
}
