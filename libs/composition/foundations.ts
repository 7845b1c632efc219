import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import { LocalDatabases } from './local-databases.ts';

interface FoundationsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Whether to open local databases beside the process that owns them, as maintenance commands do.
   * @default false
   */
  readonly beside?: boolean;
  /** Deadline of a backing call. */
  readonly deadlineMs: number;
}

/** What adapters are opened with. Disposing of it closes all of them, in reverse order. */
export class Foundations implements AsyncDisposable {
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlineMs: number;
  readonly databases: LocalDatabases;
  readonly #opened = new AsyncDisposableStack();

  constructor({ clock, log, beside = false, deadlineMs }: FoundationsOptions) {
    this.clock = clock;
    this.log = log;
    this.deadlineMs = deadlineMs;
    this.databases = this.#opened.use(new LocalDatabases({ beside, log, deadlineMs }));
  }

  /** Closes an adapter together with the others. */
  use<Adapter extends AsyncDisposable>(adapter: Adapter): Adapter {
    return this.#opened.use(adapter);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }
}
