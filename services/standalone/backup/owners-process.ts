import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inTime } from '#bounds/deadline.ts';
import { systemClock } from '#clock/clock.ts';
import { MESSAGES_DESCRIPTOR, messagesFrom, sendMessage } from '../as-owner/messages.ts';
import type { User } from '../as-owner/other-owner.ts';
import { pipeTo, startForOwner } from '../as-owner/start-for-owner.ts';
import { atSignal } from './at-signal.ts';
import { BackupError } from './backup-error.ts';
import { ARCHIVE_DESCRIPTOR, type Order, type Report } from './data-messages.ts';
import type { DataSide, Restored, Snapshot, Unpacking } from './data-side.ts';

/** For starting, entering the folder and becoming its owner’s. */
const ENTERING_TIMEOUT_MS = 60_000;
/** For removing the copy of a database, and a link per large body. */
const CLEANING_TIMEOUT_MS = 60_000;

type Answer<Kind> = Extract<Report, { readonly kind: Kind }>;

/**
 * The side of a data folder whose owner is another user, in a process that becomes that user's
 * before it touches the folder.
 */
export class OwnersProcess implements DataSide {
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #messages: Duplex;
  readonly #archive: Duplex;
  readonly #untilSignal: Disposable;
  readonly #waiting = new Map<Report['kind'], PromiseWithResolvers<Report>>();
  #onProgress: Unpacking['onProgress'] = () => {};
  #ended: BackupError | null = null;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#child = startForOwner(new URL('./data-process.ts', import.meta.url), { pipes: ['pipe'] });
    this.#messages = pipeTo(this.#child, MESSAGES_DESCRIPTOR);
    this.#archive = pipeTo(this.#child, ARCHIVE_DESCRIPTOR);
    this.#child.on('error', (cause) => this.#fail(notRun(folder, cause)));
    void this.#listen();
    this.#untilSignal = atSignal(() => this.#end());
  }

  /**
   * @param user - whom the process becomes; root if null
   * @throws {BackupError}
   */
  static async start(folder: string, user: User | null): Promise<OwnersProcess> {
    const started = new OwnersProcess(folder);
    try {
      const entered = started.#tell({ kind: 'folder', path: folder, user }, 'folder');
      await inTime(systemClock, ENTERING_TIMEOUT_MS, entered, () => {
        throw new BackupError(`no process could enter ${folder} as its owner in time: try again`);
      });
      return started;
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
  }

  async takeSnapshot({
    at,
    internetAddress,
  }: Parameters<DataSide['takeSnapshot']>[0]): Promise<Snapshot> {
    const packed = this.#answer('packed');
    const { octets, leftOut } = await this.#tell(
      { kind: 'snapshot', atMs: at.getTime(), internetAddress },
      'snapshot',
    );
    return { octets, leftOut, archive: untilPacked(this.#archive, packed) };
  }

  async noteBackup({ at, to }: Parameters<DataSide['noteBackup']>[0]): Promise<void> {
    await this.#tell({ kind: 'note', atMs: at.getTime(), to }, 'note');
  }

  async restore({ archive, replacesNewer, now, onProgress }: Unpacking): Promise<Restored> {
    this.#onProgress = onProgress;
    const order = { kind: 'restore', replacesNewer, nowMs: now.getTime() } as const;
    const answer = this.#tell(order, 'restore');
    answer.catch(() => {});
    const source = new Source(archive);
    // Only so does the pipe's end come through: nothing is read from it.
    this.#archive.resume();
    const isSent = await pipeline(source, this.#archive).then(
      () => true,
      () => false,
    );
    if (source.failure !== null) {
      throw source.failure;
    }
    if (isSent) {
      this.#send({ kind: 'whole' });
    }
    const { atMs, internetAddress, octets, putAside } = await answer;
    return {
      manifest: { at: new Date(atMs), internetAddress, octets },
      putAside: putAside === null ? null : resolve(this.#folder, putAside),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    using _ = this.#untilSignal;
    await this.#end();
  }

  /** Once nobody is left to tell it more, it removes what it prepared, and ends. */
  async #end(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      return;
    }
    const exit = once(child, 'exit').catch(() => {});
    this.#messages.destroy();
    this.#archive.destroy();
    await inTime(systemClock, CLEANING_TIMEOUT_MS, exit, () => {
      child.unref();
    });
  }

  #tell<Kind extends Report['kind']>(order: Order, kind: Kind): Promise<Answer<Kind>> {
    const answer = this.#answer(kind);
    this.#send(order);
    return answer;
  }

  #send(order: Order): void {
    void sendMessage(this.#messages, order);
  }

  #answer<Kind extends Report['kind']>(kind: Kind): Promise<Answer<Kind>> {
    const waiting = Promise.withResolvers<Report>();
    waiting.promise.catch(() => {});
    this.#waiting.set(kind, waiting);
    if (this.#ended !== null) {
      waiting.reject(this.#ended);
    }
    return waiting.promise as Promise<Answer<Kind>>;
  }

  async #listen(): Promise<void> {
    try {
      for await (const report of messagesFrom<Report>(this.#messages)) {
        this.#receive(report);
      }
      this.#fail(notRun(this.#folder));
    } catch (error) {
      this.#fail(notRun(this.#folder, error));
    }
  }

  #receive(report: Report): void {
    if (report.kind === 'failed') {
      this.#fail(new BackupError(report.message));
    } else if (report.kind === 'progress') {
      this.#onProgress(report.octets, report.ofOctets);
    } else {
      this.#waiting.get(report.kind)?.resolve(report);
    }
  }

  #fail(error: BackupError): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) {
      reject(this.#ended);
    }
  }
}

/** The process's own words come before those of the pipe that it broke. */
async function* untilPacked(
  archive: AsyncIterable<Uint8Array>,
  packed: Promise<unknown>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* archive;
  } catch (error) {
    await packed;
    throw error;
  }
  await packed;
}

/** An archive that remembers whether it failed itself. */
class Source implements AsyncIterable<Uint8Array> {
  readonly #octets: AsyncIterable<Uint8Array>;
  failure: unknown = null;

  constructor(octets: AsyncIterable<Uint8Array>) {
    this.#octets = octets;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.#octets;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

function notRun(folder: string, cause?: unknown): BackupError {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new BackupError(`the process that acts in ${folder} as its owner ended${why}`, { cause });
}
