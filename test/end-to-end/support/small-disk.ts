import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MIB = 1_024 * 1_024;

/** A small file system in memory. */
export class SmallDisk implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * @param most.files - by default, as many as fit
   * @throws if this process may not mount it
   */
  static async mount(sizeMib: number, most: { readonly files?: number } = {}): Promise<SmallDisk> {
    const folder = await mkdtemp(join(tmpdir(), 'awala-small-disk-'));
    try {
      const files = most.files === undefined ? '' : `,nr_inodes=${most.files}`;
      const options = ['-t', 'tmpfs', '-o', `size=${sizeMib}m,mode=0700${files}`, 'tmpfs', folder];
      await run('mount', options);
      return new SmallDisk(folder);
    } catch (error) {
      await rm(folder, { recursive: true });
      throw error;
    }
  }

  async freeOctets(): Promise<number> {
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize;
  }

  /** Uses up all room, as another program might. */
  async fillUp(): Promise<void> {
    const file = join(this.folder, 'of-another-program');
    await writeFile(file, '');
    for (let octets = MIB; octets >= 1; octets = Math.floor(octets / 4)) {
      await appendUntilFull(file, Buffer.alloc(octets));
    }
  }

  /** Allows so many more files, and folders, than there are. */
  async allowMoreFiles(count: number): Promise<void> {
    const { files, ffree } = await statfs(this.folder);
    const options = `remount,nr_inodes=${files - ffree + count}`;
    await run('mount', ['-o', options, this.folder]);
  }

  /** Frees the room that {@link fillUp} used. */
  async freeUp(): Promise<void> {
    await rm(join(this.folder, 'of-another-program'), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run('umount', [this.folder]);
    await rm(this.folder, { recursive: true });
  }
}

async function appendUntilFull(file: string, piece: Buffer): Promise<void> {
  for (;;) {
    try {
      await appendFile(file, piece);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
        return;
      }
      throw error;
    }
  }
}

/** Why this machine can have no small disk; false if it can. */
export async function missingForSmallDisks(): Promise<string | false> {
  try {
    await (await SmallDisk.mount(1))[Symbol.asyncDispose]();
    return false;
  } catch (error) {
    return `mounting a tmpfs fails, which takes root: ${String(error).split('\n')[0]}`;
  }
}
