import { constants } from 'node:fs';
import { type FileHandle, open, opendir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { callInTime } from '#backing/calls.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { openOrdinary } from '#backing/ordinary-files.ts';
import { ownFilesIn, ownFolder } from '#backing/owner-only.ts';
import { unlessAbsent } from '#backing/system-errors.ts';
import { Budget } from '#bounds/budget.ts';
import type { Clock } from '#clock/clock.ts';

/**
 * Concurrent file writes: one fewer than Node's four file threads, so that a slow disk never takes
 * them all.
 */
const MAX_WRITES_AT_ONCE = 3;

const { O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY } = constants;
const OVERWRITE = O_WRONLY | O_CREAT | O_TRUNC;

interface BodyFilesOptions {
  /** Created if missing; its parent must exist. */
  readonly folder: string;
  readonly clock: Clock;
  /** Each read and each write finishes within this or fails. */
  readonly deadlineMs: number;
}

/**
 * Stores bodies as files in one folder, each written once and named by its generation. A file means
 * nothing until a row refers to it, so it needs no temporary name.
 */
export class BodyFiles {
  readonly #options: BodyFilesOptions;
  readonly #folder: FileHandle;
  readonly #writes = new Budget(MAX_WRITES_AT_ONCE);
  #sync: Promise<void> = Promise.resolve();
  #nextSync: Promise<void> | null = null;

  private constructor(options: BodyFilesOptions, folder: FileHandle) {
    this.#options = options;
    this.#folder = folder;
  }

  static async open(options: BodyFilesOptions): Promise<BodyFiles> {
    const { folder } = options;
    const isThere = await stat(folder).then(() => true, unlessAbsent);
    if ((await ownFolder(folder)) === 'exposed') {
      await ownFilesIn(folder);
    }
    if (!isThere) {
      const parent = await open(dirname(folder), 'r');
      await parent.sync().finally(() => parent.close());
    }
    return new BodyFiles(options, await open(options.folder, 'r'));
  }

  /**
   * Resolves once the file would survive a power cut. If it throws, the file is gone or soon will
   * be.
   */
  async write(
    generation: number,
    body: Uint8Array,
    patience: { readonly deadlineMs?: number } = {},
  ): Promise<void> {
    const writing = this.#write(generation, body);
    try {
      await this.#inTime(writing, patience.deadlineMs);
    } catch (error) {
      const remove = () => this.remove(generation);
      // If this removal fails, the next process's first sweep removes the file.
      writing.then(remove, remove).catch(() => {});
      throw error;
    }
  }

  /**
   * @param patience.deadlineMs - defaults to the deadline of all reads and writes
   * @returns null if there is no such file
   */
  read(
    generation: number,
    sizeOctets: number,
    patience: { readonly deadlineMs?: number } = {},
  ): Promise<Uint8Array | null> {
    return this.#inTime(this.#read(generation, sizeOctets), patience.deadlineMs);
  }

  /** Does nothing if there is no such file. */
  async remove(generation: number): Promise<void> {
    await unlink(this.#pathOf(generation)).catch(unlessAbsent);
  }

  /** Yields the generations that have a file, unordered, reading the folder in pieces. */
  async *generations(): AsyncGenerator<number, void, undefined> {
    for await (const entry of await opendir(this.#options.folder)) {
      if (/^[0-9]{1,16}$/.test(entry.name)) {
        yield Number(entry.name);
      }
    }
  }

  async close(): Promise<void> {
    await this.#folder.close();
  }

  async #write(generation: number, body: Uint8Array): Promise<void> {
    const release = await this.#writes.acquire(1);
    try {
      // Overwrites: a database restored from a backup hands out generations again.
      const file = await openOrdinary(this.#pathOf(generation), OVERWRITE, 0o600);
      try {
        await file.writeFile(body);
        await file.datasync();
      } finally {
        await file.close();
      }
    } finally {
      release();
    }
    await this.#syncFolder();
  }

  async #read(generation: number, sizeOctets: number): Promise<Uint8Array | null> {
    const file = await openOrdinary(this.#pathOf(generation), O_RDONLY).catch(unlessAbsent);
    if (!file) {
      return null;
    }
    try {
      // Not zeroed: the loop below fills every octet.
      const body = new Uint8Array(Buffer.allocUnsafeSlow(sizeOctets).buffer);
      let offset = 0;
      while (offset < sizeOctets) {
        const { bytesRead } = await file.read(body, offset);
        if (bytesRead === 0) {
          const message = `the file ${generation} ends at ${offset} of ${sizeOctets} octets`;
          throw new BackingUnavailableError('object-store', message);
        }
        offset += bytesRead;
      }
      return body;
    } finally {
      await file.close();
    }
  }

  #pathOf(generation: number): string {
    return join(this.#options.folder, String(generation));
  }

  /** Access to files cannot be called off: what takes too long goes on by itself. */
  #inTime<Result>(work: Promise<Result>, deadlineMs = this.#options.deadlineMs): Promise<Result> {
    const { clock } = this.#options;
    return callInTime({ clock, backing: 'object-store', deadlineMs }, () => work);
  }

  /**
   * Writes that wait together share one sync, which starts only after the last of them has created
   * its file.
   */
  #syncFolder(): Promise<void> {
    this.#nextSync ??= this.#sync
      .catch(() => {})
      .then(() => {
        this.#nextSync = null;
        this.#sync = this.#folder.sync();
        return this.#sync;
      });
    return this.#nextSync;
  }
}
