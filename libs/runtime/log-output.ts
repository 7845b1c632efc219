import { type DestinationStream, destination } from 'pino';

/**
 * Octets of entries waiting to be written; more are dropped, so that a stuck reader of the log
 * never stops the service.
 */
const MAX_WAITING_OCTETS = 8 * 1_048_576;

/** How long entries are gathered, as writing some costs as much as writing one. */
const LONGEST_GATHERED_MS = 10;

const FLUSH_LIMIT_MS = 1_000;

/** Standard output for a log: takes lines at once, and writes those that come together together. */
export class LogOutput implements DestinationStream {
  // With a minLength of 0, flushing would do nothing.
  readonly #stdout = destination({
    dest: 1,
    sync: false,
    minLength: 1,
    maxLength: MAX_WAITING_OCTETS,
  });
  #gathered = '';

  write(line: string): void {
    if (this.#gathered === '') {
      // Keeps the process alive, unlike a clock's timer.
      setTimeout(() => this.#hand(), LONGEST_GATHERED_MS);
    }
    this.#gathered += line;
  }

  /** Resolves once all lines so far were handed to the system, or after a second. */
  flush(): Promise<void> {
    this.#hand();
    return new Promise((resolve) => {
      setTimeout(resolve, FLUSH_LIMIT_MS).unref();
      this.#stdout.flush(() => resolve());
    });
  }

  #hand(): void {
    if (this.#gathered !== '') {
      this.#stdout.write(this.#gathered);
      this.#gathered = '';
    }
  }
}
