import { open, readdir, readFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import type { Clock } from '#clock/clock.ts';
import type { Log, LogFields } from '#log/log.ts';

/** File descriptors of this process: open ones, and how many there may be. */
export interface DescriptorUse {
  readonly open: number;
  readonly limit: number;
}

interface DescriptorWatchParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Called for each look at which none was left. */
  readonly onShortage: () => void;
  /** Opens a descriptor and closes it; throws the system's error if none is left. */
  readonly tryOne?: () => Promise<void>;
  /** Null where the system does not say. */
  readonly use?: () => Promise<DescriptorUse | null>;
}

const LOOK_EVERY_MS = 1_000;
/** Counting thousands takes some milliseconds. */
const LOOKS_PER_COUNT = 10;
/** How often to repeat a warning. */
const TELL_EVERY_MS = 60_000;
const NEARLY_ALL = 0.9;
/** For the process, and for the system. */
const NONE_LEFT = ['EMFILE', 'ENFILE'];

type Shortage = Error & { readonly code: string };

const WHAT_TO_DO = 'raise the limit (ulimit -n, or LimitNOFILE= of its unit)';

/**
 * Checks each second whether this process can open a file descriptor, and logs when it cannot.
 *
 * Nothing else reports it for a server: Node accepts a connection that it has no descriptor for and
 * closes it, without an event or error. Clients, files and new connections to backing services fail
 * one by one, each with its own error.
 */
export class DescriptorWatch implements Disposable {
  readonly #parts: Required<DescriptorWatchParts>;
  #looks = 0;
  /** The last report and its time; null if all is well. */
  #told: { readonly what: 'none' | 'few'; readonly atMs: number } | null = null;
  #isStopped = false;
  #cancel = () => {};

  /** Starts checking. */
  constructor(parts: DescriptorWatchParts) {
    this.#parts = { tryOne: openOne, use: descriptorUse, ...parts };
    this.#lookLater();
  }

  [Symbol.dispose](): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #lookLater(): void {
    if (!this.#isStopped) {
      this.#cancel = this.#parts.clock.schedule(LOOK_EVERY_MS, () => void this.#look());
    }
  }

  async #look(): Promise<void> {
    try {
      await this.#parts.tryOne();
      if (this.#looks++ % LOOKS_PER_COUNT === 0) {
        this.#tellUse(await this.#parts.use());
      }
    } catch (error) {
      if (isShortage(error)) {
        this.#parts.onShortage();
        this.#tellShortage(error);
      }
    }
    this.#lookLater();
  }

  #tellShortage(error: Shortage): void {
    // Counted once one is free again.
    this.#looks = 0;
    if (this.#isToTell('none')) {
      this.#parts.log.error(
        { reason: error.code },
        `No file descriptor is left: whoever connects is cut off, and nothing can be connected to; ${WHAT_TO_DO}`,
      );
    }
  }

  #tellUse(use: DescriptorUse | null): void {
    const { log } = this.#parts;
    if (use && use.open >= use.limit * NEARLY_ALL) {
      if (this.#isToTell('few')) {
        log.warn(fieldsOf(use), `Nearly all file descriptors are in use; ${WHAT_TO_DO}`);
      }
    } else if (this.#told) {
      this.#told = null;
      log.info(fieldsOf(use), 'File descriptors are available again');
    }
  }

  #isToTell(what: 'none' | 'few'): boolean {
    const atMs = this.#parts.clock.elapsedMs();
    const isWorse = what === 'none' && this.#told?.what !== 'none';
    if (!isWorse && this.#told && atMs - this.#told.atMs < TELL_EVERY_MS) {
      return false;
    }
    this.#told = { what, atMs };
    return true;
  }
}

function fieldsOf(use: DescriptorUse | null): LogFields {
  return use ? { descriptors: use.open, limit: use.limit } : {};
}

function isShortage(error: unknown): error is Shortage {
  return error instanceof Error && 'code' in error && NONE_LEFT.includes(String(error.code));
}

async function openOne(): Promise<void> {
  const file = await open(devNull);
  await file.close();
}

/**
 * @returns null where the system does not say
 * @throws the system's error if none is left
 */
export async function descriptorUse(): Promise<DescriptorUse | null> {
  try {
    const descriptors = await readdir('/proc/self/fd');
    const limits = await readFile('/proc/self/limits', 'utf8');
    const [, limit] = /^Max open files +(\d+)/m.exec(limits) ?? [];
    // Reading them opened one.
    return limit === undefined ? null : { open: descriptors.length - 1, limit: Number(limit) };
  } catch (error) {
    if (isShortage(error)) {
      throw error;
    }
    return null;
  }
}
