import { Session } from 'node:inspector/promises';
import { flushCompileCache } from 'node:module';
import { constants } from 'node:os';
import process from 'node:process';
import { duration } from './configuration/variables.ts';
import type { ProcessLog } from './logging.ts';
import { startFailure } from './start-failures.ts';

/** How long a process may take to stop. */
export const lifecycleVariables = {
  drainTimeoutMs: duration('DRAIN_TIMEOUT', {
    meaning: 'how long a service may take to stop',
    default: 25_000,
    min: 10,
    max: 3_600_000,
  }),
} as const;

/**
 * The same signal again within this time is the same request to stop: at Ctrl-C the terminal
 * signals npm and us, and npm passes it on to us.
 */
const ECHO_MS = 1_000;

interface RunOptions {
  readonly log: ProcessLog;
  readonly drainTimeoutMs: number;
  /** Milliseconds from some moment, by a clock that nobody sets. */
  readonly elapsedMs?: () => number;
  /**
   * Starts what the process is for; disposing of the result drains it.
   *
   * @param stopping - aborted when the process is told to stop, even while starting
   */
  readonly start: (stopping: AbortSignal) => Promise<AsyncDisposable>;
}

/**
 * Runs a service until SIGTERM or SIGINT, then drains it and ends the process.
 *
 * Exit codes: 0 after draining; 1 if starting or draining fails, draining takes too long, or an
 * error is uncaught; 128 plus its number, at once, at a second signal, which is one of the other kind
 * or a second later.
 */
export function run(options: RunOptions): void {
  new ProcessLife(options).begin();
}

class ProcessLife {
  readonly #options: RunOptions;
  readonly #stopping = new AbortController();
  #isEnding = false;
  /** The signal that began the end, and when. */
  #first: { readonly signal: string; readonly atMs: number } | null = null;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  begin(): void {
    const { log, start } = this.#options;
    const started = Promise.withResolvers<AsyncDisposable>();
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => this.#onSignal(signal, started.promise));
    }
    // Also called for unhandled rejections.
    process.on('uncaughtException', (error, origin) => {
      log.error({ error, origin }, 'Uncaught error: exiting');
      this.#end(1);
    });
    started.promise.then(giveBackWhatStartingTook, (error: unknown) => {
      if (!this.#stopping.signal.aborted) {
        log.error({}, `Cannot start: ${startFailure(error)}`);
        log.debug({ error }, 'Where starting failed');
        this.#end(1);
      }
    });
    // After the handlers, as a signal may come as soon as the service looks started.
    started.resolve(start(this.#stopping.signal));
  }

  #onSignal(signal: 'SIGTERM' | 'SIGINT', starting: Promise<AsyncDisposable>): void {
    const { log, elapsedMs = () => performance.now() } = this.#options;
    if (this.#first) {
      if (this.#first.signal === signal && elapsedMs() - this.#first.atMs < ECHO_MS) {
        return;
      }
      log.warn({ signal }, 'Told to stop again: exiting at once');
      this.#end(128 + constants.signals[signal]);
      return;
    }
    this.#first = { signal, atMs: elapsedMs() };
    log.info({ signal }, 'Told to stop: draining');
    this.#stopping.abort(new Error(`told to stop by ${signal}`));
    void this.#drain(starting);
  }

  async #drain(starting: Promise<AsyncDisposable>): Promise<void> {
    const { log, drainTimeoutMs } = this.#options;
    // Unlike a clock's, this timer keeps the process alive.
    setTimeout(() => {
      log.error({ drainTimeoutMs }, 'Draining took too long: exiting');
      this.#end(1);
    }, drainTimeoutMs);
    const service = await starting.catch(() => null);
    try {
      await service?.[Symbol.asyncDispose]();
      log.info({}, 'Stopped');
      this.#end(0);
    } catch (error) {
      log.error({ error }, 'Failed while stopping');
      this.#end(1);
    }
  }

  #end(code: number): void {
    if (!this.#isEnding) {
      this.#isEnding = true;
      void this.#options.log.flush().finally(() => process.exit(code));
    }
  }
}

/**
 * Returns memory that only starting needed: code read and compiled once leaves garbage that V8
 * would not collect until as much again had piled up. Stops the process for some tenths of a
 * second. Also saves the compiled code for the next start. Never throws.
 *
 * @see docs/decisions/small-when-idle.md
 */
async function giveBackWhatStartingTook(): Promise<void> {
  flushCompileCache();
  const session = new Session();
  try {
    session.connect();
    await session.post('HeapProfiler.collectGarbage');
  } catch {
    // Without an inspector, Node keeps the memory, but works.
  } finally {
    session.disconnect();
  }
}
