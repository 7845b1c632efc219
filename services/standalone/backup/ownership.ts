import { lchown, lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';

/**
 * Gives files and folders, with all that is in them, to whom the data folder belongs, if this
 * process may: an administrator's backup or restore must leave them to the gateway's user. Follows no
 * links, as that user could have made them.
 */
export async function matchOwner(dataFolder: string, paths: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) {
    return;
  }
  const { uid, gid } = await stat(dataFolder);
  if (uid === 0 && gid === 0) {
    return;
  }
  for (const path of paths) {
    await lchown(path, uid, gid);
    if ((await lstat(path)).isDirectory()) {
      for (const name of await readdir(path, { recursive: true })) {
        await lchown(join(path, name), uid, gid);
      }
    }
  }
}
