import { statSync } from 'node:fs';
import { Socket } from 'node:net';
import { relative, resolve } from 'node:path';
import process from 'node:process';
import { pipeline } from 'node:stream/promises';
import { keptAlive } from '#runtime/kept-alive.ts';
import { startFailure } from '#runtime/start-failures.ts';
import { becomeOwner } from '../as-owner/become.ts';
import { ForeignFolderError } from '../as-owner/foreign-folder-error.ts';
import { MESSAGES_DESCRIPTOR, messagesFrom, sendMessage } from '../as-owner/messages.ts';
import { BackupError } from './backup-error.ts';
import { ARCHIVE_DESCRIPTOR, type Order, type Report } from './data-messages.ts';
import type { DataSide } from './data-side.ts';
import { OwnData } from './own-data.ts';

/**
 * The process behind `OwnersProcess`: takes its orders, and once nobody is left to give any, removes
 * what it prepared and ends.
 */
class DataProcess {
  readonly #messages = new Socket({ fd: MESSAGES_DESCRIPTOR });
  readonly #archive = new Socket({ fd: ARCHIVE_DESCRIPTOR });
  readonly #whole = Promise.withResolvers<void>();
  #data: DataSide | null = null;
  #work: Promise<void> = Promise.resolve();

  constructor() {
    // Each use hears of their errors.
    this.#messages.on('error', () => {});
    this.#archive.on('error', () => {});
    this.#whole.promise.catch(() => {});
    void this.#listen();
  }

  async #listen(): Promise<void> {
    try {
      for await (const order of messagesFrom<Order>(this.#messages)) {
        this.#heed(order);
      }
    } catch {
      // However it ended, nobody is left.
    }
    await this.#end();
  }

  #heed(order: Order): void {
    if (order.kind === 'whole') {
      this.#whole.resolve();
      return;
    }
    this.#work = this.#work.then(() => this.#obey(order)).catch((error) => this.#fail(error));
  }

  async #obey(order: Exclude<Order, { readonly kind: 'whole' }>): Promise<void> {
    if (order.kind === 'folder') {
      this.#data = new OwnData(enter(order));
      await this.#report({ kind: 'folder' });
      return;
    }
    const data = this.#data;
    if (data === null) {
      throw new BackupError('no data folder was named');
    }
    if (order.kind === 'snapshot') {
      const { atMs, internetAddress } = order;
      const { archive, ...taken } = await data.takeSnapshot({
        at: new Date(atMs),
        internetAddress,
      });
      await this.#report({ kind: 'snapshot', ...taken });
      if (this.#archive.destroyed) {
        throw new BackupError('it was cut short');
      }
      await pipeline(archive, this.#archive);
      await this.#report({ kind: 'packed' });
    } else if (order.kind === 'note') {
      await data.noteBackup({ at: new Date(order.atMs), to: order.to });
      await this.#report({ kind: 'note' });
    } else {
      const { manifest, putAside } = await data.restore({
        replacesNewer: order.replacesNewer,
        now: new Date(order.nowMs),
        archive: this.#received(),
        onProgress: (octets, ofOctets) => void this.#report({ kind: 'progress', octets, ofOctets }),
      });
      const { at, internetAddress, octets } = manifest;
      await this.#report({
        kind: 'restore',
        atMs: at.getTime(),
        internetAddress,
        octets,
        putAside,
      });
    }
  }

  /** The end of the pipe is not yet that of the archive: only who opened it knows that it is whole. */
  async *#received(): AsyncGenerator<Uint8Array, void, undefined> {
    yield* this.#archive;
    await this.#whole.promise;
  }

  async #fail(error: unknown): Promise<void> {
    await this.#report({ kind: 'failed', message: startFailure(error) });
    await this.#leave();
    // Its other end follows, once that has read all.
    this.#messages.end();
  }

  async #end(): Promise<void> {
    using _process = keptAlive();
    this.#whole.reject(new BackupError('it was cut short'));
    this.#archive.destroy();
    await this.#work;
    await this.#leave();
  }

  #report(message: Report): Promise<void> {
    return sendMessage(this.#messages, message);
  }

  async #leave(): Promise<void> {
    this.#archive.destroy();
    await this.#data?.[Symbol.asyncDispose]();
  }
}

/** @returns the folder's path for this process */
function enter({ path, user }: Extract<Order, { readonly kind: 'folder' }>): string {
  process.umask(0o077);
  if (user === null) {
    return path;
  }
  const entered = becomeOwner(path, user);
  // SQLite looks at the whole way.
  if (!leadsTo(entered, path)) {
    throw new ForeignFolderError(
      `${path} is of user ${user.uid}, who cannot get there: chmod go+x the folders above it`,
    );
  }
  return path;
}

/** Whether this user can go the whole way to a folder, as far as it exists. */
function leadsTo(entered: string, path: string): boolean {
  try {
    const [here, there] = [statSync('.'), statSync(resolve(path, relative(entered, '.')))];
    return here.dev === there.dev && here.ino === there.ino;
  } catch {
    return false;
  }
}

new DataProcess();
