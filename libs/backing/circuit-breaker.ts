import type { Clock } from '#clock/clock.ts';
import { type BackingName, BackingUnavailableError } from './errors.ts';

interface CircuitBreakerOptions {
  readonly clock: Clock;
  readonly backing: BackingName;
  /** Failures in a row after which calls are refused. */
  readonly failures: number;
  /** How long they are refused before a trial. */
  readonly openMs: number;
}

/**
 * Refuses calls at once while a backing service keeps failing, so that they neither wait nor add to
 * its load. After a while one call goes through as a trial; if it succeeds, the others follow.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #backing: BackingName;
  readonly #mostFailures: number;
  readonly #openMs: number;
  #failures = 0;
  #openUntilMs = 0;

  constructor(options: CircuitBreakerOptions) {
    this.#clock = options.clock;
    this.#backing = options.backing;
    this.#mostFailures = options.failures;
    this.#openMs = options.openMs;
  }

  /**
   * @param isFailure - whether what the call threw counts as a failure of the service
   * @throws {BackingUnavailableError} without calling, while the service keeps failing
   */
  async run<T>(call: () => Promise<T>, isFailure: (error: unknown) => boolean): Promise<T> {
    this.#admit();
    try {
      const result = await call();
      this.#failures = 0;
      return result;
    } catch (error) {
      if (isFailure(error)) {
        this.#failures++;
        this.#openUntilMs = this.#clock.elapsedMs() + this.#openMs;
      } else {
        this.#failures = 0;
      }
      throw error;
    }
  }

  #admit(): void {
    if (this.#failures < this.#mostFailures) {
      return;
    }
    const nowMs = this.#clock.elapsedMs();
    if (nowMs < this.#openUntilMs) {
      const message = `not asked: it failed ${this.#failures} times in a row`;
      throw new BackingUnavailableError(this.#backing, message);
    }
    // The others wait for the outcome of this trial.
    this.#openUntilMs = nowMs + this.#openMs;
  }
}
