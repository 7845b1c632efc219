import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupError } from '../backup-error.ts';
import { UNFINISHED } from '../backup-names.ts';
import type { BackupPlace } from './place.ts';

/** A folder on this machine, or mounted on it. */
export class FolderPlace implements BackupPlace {
  readonly address: string;

  /** @param path - created when something is written, if missing */
  constructor(path: string) {
    this.address = path;
  }

  async write(name: string, octets: AsyncIterable<Uint8Array>): Promise<void> {
    const path = this.#unpublished(name);
    try {
      await mkdir(this.address, { recursive: true, mode: 0o700 });
      await rm(path, { force: true });
      await using file = await open(path, 'wx', 0o600);
      for await (const piece of octets) {
        await file.write(piece);
      }
      await file.sync();
    } catch (error) {
      await rm(path, { force: true }).catch(() => {});
      throw inWords(error, this.address);
    }
  }

  async *read(name: string): AsyncGenerator<Uint8Array, void, undefined> {
    const published = join(this.address, name);
    try {
      yield* createReadStream(existsSync(published) ? published : this.#unpublished(name));
    } catch (error) {
      throw inWords(error, this.address);
    }
  }

  async publish(name: string): Promise<void> {
    await rename(this.#unpublished(name), join(this.address, name));
    await using folder = await open(this.address, 'r');
    await folder.sync();
  }

  async discard(name: string): Promise<void> {
    await rm(this.#unpublished(name), { force: true });
  }

  async list(): Promise<readonly string[]> {
    try {
      return await readdir(this.address);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
        return [];
      }
      throw inWords(error, this.address);
    }
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.address, name), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #unpublished(name: string): string {
    return join(this.address, `${name}${UNFINISHED}`);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'has no room left for the backup',
  EDQUOT: 'has no room left for the backup: a quota is used up',
  EFBIG: 'takes no file as large as the backup',
  EACCES: 'may not be used by this user',
  EPERM: 'may not be used by this user',
  EROFS: 'is on a file system that is read-only',
  ENOENT: 'does not exist',
  ENOTDIR: 'is no folder',
};

function inWords(error: unknown, path: string): unknown {
  const words = error instanceof Error && 'code' in error ? WORDS[String(error.code)] : undefined;
  return words === undefined ? error : new BackupError(`${path} ${words}`, { cause: error });
}
