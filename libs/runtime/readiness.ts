import { inTime } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';

/** For each check; probes give up soon after. */
const CHECK_DEADLINE_MS = 2_000;
/** How long a success is cached, so that probes do not load what they ask. */
const MAX_AGE_MS = 1_000;

/** Why a service is not ready that has not started. */
export const STARTING = 'the service is starting';
/** Why it is not that has had no certificate; what keeps that may follow. */
export const NO_CERTIFICATE = 'there is no certificate yet';

interface ReadinessOptions {
  /** What must work for the service to work, by name; each rejects with the reason. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>;
  readonly clock: Clock;
}

interface ReadinessState {
  readonly isReady: boolean;
  readonly isDraining: boolean;
  /** Why each failing check fails. */
  readonly failing: Readonly<Record<string, string>>;
}

/** Whether a service can serve now, as checks of its backing say. */
export class Readiness {
  readonly #options: ReadinessOptions;
  #isDraining = false;
  #wasReady = false;
  #asked: { readonly at: number; readonly failing: Promise<Record<string, string>> } | null = null;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** From now on the service is not ready, whatever the checks say. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Never rejects, and takes no longer than the deadline. */
  async state(): Promise<ReadinessState> {
    if (this.#isDraining) {
      return { isReady: false, isDraining: true, failing: {} };
    }
    const failing = await this.#recentlyFailing();
    const isReady = Object.keys(failing).length === 0;
    this.#wasReady ||= isReady;
    return { isReady, isDraining: false, failing };
  }

  /**
   * Whether to send clients here: from when the service was first ready, so that a misconfigured
   * one gets none, until it drains. A later failure of a shared backing takes no process away: each
   * still does what it can, and answers 503 to the rest.
   */
  async isServing(): Promise<boolean> {
    if (!this.#wasReady) {
      await this.state();
    }
    return this.#wasReady && !this.#isDraining;
  }

  /** As {@link isServing}, in three words. Takes no longer than the deadline. */
  async phase(): Promise<'starting' | 'serving' | 'draining'> {
    const isServing = await this.isServing();
    const otherwise = isServing ? 'serving' : 'starting';
    return this.#isDraining ? 'draining' : otherwise;
  }

  /** Concurrent callers share the result. Failures are not cached, so recovery shows at once. */
  #recentlyFailing(): Promise<Record<string, string>> {
    const now = this.#options.clock.elapsedMs();
    if (this.#asked && now - this.#asked.at < MAX_AGE_MS) {
      return this.#asked.failing;
    }
    const asked = { at: now, failing: this.#ask() };
    this.#asked = asked;
    void asked.failing.then((failing) => {
      if (this.#asked === asked && Object.keys(failing).length > 0) {
        this.#asked = null;
      }
    });
    return asked.failing;
  }

  async #ask(): Promise<Record<string, string>> {
    const asking = Object.entries(this.#options.checks).map(async ([name, check]) => {
      const reason = await this.#reasonToFail(check);
      return reason === null ? [] : [[name, reason]];
    });
    return Object.fromEntries((await Promise.all(asking)).flat());
  }

  async #reasonToFail(check: () => Promise<void>): Promise<string | null> {
    const { clock } = this.#options;
    const asking = (async () => check())().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    return inTime(
      clock,
      CHECK_DEADLINE_MS,
      asking,
      () => `no answer within ${CHECK_DEADLINE_MS} ms`,
    );
  }
}
