import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import { LocalDatabases } from './local-databases.ts';

interface FoundationsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Whether to open what is on this machine beside the process that runs the gateway, as maintenance
   * commands do; false by default.
   */
  readonly beside?: boolean;
  /** Longest time for one call to a backing service. */
  readonly deadlineMs: number;
}

/** What every adapter is opened with. Disposing of it closes all that were opened, in reverse order. */
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

  /** Closes an adapter together with all the others. */
  use<Adapter extends AsyncDisposable>(adapter: Adapter): Adapter {
    return this.#opened.use(adapter);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }
}
