import { constants, rmSync } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncToDisk } from '#backing/durable-files.ts';
import { isThere } from '#backing/ordinary-files.ts';
import { makeFolder } from '#backing/owner-only.ts';
import { codeOf } from '#backing/system-errors.ts';
import { becomeOwner } from '../../as-owner/become.ts';
import { mayHoldOthersFiles, otherOwnerOf, type User } from '../../as-owner/other-owner.ts';
import { atSignal } from '../at-signal.ts';
import { BackupError } from '../backup-error.ts';
import { unfinishedName } from '../backup-names.ts';
import { inWords } from '../disk-words.ts';
import type { BackupPlace } from './place.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** A file that is written and not published. */
interface Unpublished extends Disposable {
  readonly path: string;
}

/** A folder on this machine, or mounted on it. */
export class FolderPlace implements BackupPlace {
  readonly address: string;
  /** Where this process finds it. */
  #folder: string;
  readonly #unpublished = new Map<string, Unpublished>();

  /** @param path - created when something is written, if missing */
  constructor(path: string) {
    this.address = path;
    this.#folder = path;
  }

  otherOwner(): Promise<User | null> {
    return otherOwnerOf(this.address);
  }

  become(user: User): void {
    this.#folder = becomeOwner(this.address, user);
  }

  async write(name: string, octets: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      await this.#make();
      await using file = await open(this.#begin(name).path, 'wx', 0o600);
      await file.writeFile(octets);
      await file.sync();
    } catch (error) {
      await this.discard(name).catch(() => {});
      throw inWords(error, this.address);
    }
  }

  async *read(name: string): AsyncGenerator<Uint8Array, void, undefined> {
    const own = this.#unpublished.get(name);
    const path = own?.path ?? join(this.#folder, name);
    try {
      // Another user could have put a link to a file of root's there, or a pipe without end.
      const isFileOnly = own !== undefined || (await mayHoldOthersFiles(this.#folder));
      const file = await open(path, O_RDONLY | (isFileOnly ? O_NOFOLLOW | O_NONBLOCK : 0));
      if (isFileOnly && !(await file.stat()).isFile()) {
        await file.close();
        throw new BackupError(`${join(this.address, name)} is no ordinary file`);
      }
      // The stream closes the file.
      yield* file.createReadStream();
    } catch (error) {
      throw inWords(error, this.address);
    }
  }

  async publish(name: string): Promise<void> {
    const path = join(this.#folder, name);
    using unpublished = this.#unpublished.get(name);
    if (unpublished === undefined || (await isThere(path))) {
      throw new BackupError(`${join(this.address, name)} exists already`);
    }
    await rename(unpublished.path, path);
    this.#unpublished.delete(name);
    await syncToDisk(this.#folder);
  }

  async discard(name: string): Promise<void> {
    using unpublished = this.#unpublished.get(name);
    if (unpublished) {
      this.#unpublished.delete(name);
      await rm(unpublished.path, { force: true });
    }
  }

  async list(): Promise<readonly string[]> {
    try {
      return await readdir(this.#folder);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        return [];
      }
      throw inWords(error, this.address);
    }
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#folder, name), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** Makes the folder, which nobody else may have made meanwhile. */
  async #make(): Promise<void> {
    await makeFolder(this.#folder);
    if ((await otherOwnerOf(this.#folder)) !== null) {
      throw new BackupError(`another user made ${this.address}: try again`);
    }
  }

  #begin(name: string): Unpublished {
    const path = join(this.#folder, unfinishedName(name));
    const untilSignal = atSignal(() => rmSync(path, { force: true }));
    const begun = { path, [Symbol.dispose]: () => untilSignal[Symbol.dispose]() };
    this.#unpublished.set(name, begun);
    return begun;
  }
}
