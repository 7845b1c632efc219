import { inTime } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';
import { type ClockPlausibility, WATCH_INTERVAL_MS } from '#clock/clock-plausibility.ts';
import type { Log } from '#log/log.ts';
import { type ClockWitness, clockWitnesses, type WitnessConfig } from './clock-witnesses.ts';
import type { LatestTime } from './latest-time.ts';
import type { ProcessParts } from './process-parts.ts';

/**
 * Checks of the clock per question to the witnesses, which are also asked whenever it is in doubt.
 */
const LOOKS_PER_ASKING = 10;
/** For a witness's answer. */
const ASKING_TIMEOUT_MS = 2_000;

interface ClockWatchParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly plausibility: ClockPlausibility;
  readonly witnesses: readonly ClockWitness[];
  /** Where the time is kept over restarts, if anywhere. */
  readonly latestTime?: LatestTime | undefined;
}

/**
 * Checks this machine's clock every minute, asks witnesses about it, and logs when it is in doubt.
 */
export class ClockWatch implements Disposable {
  readonly #parts: ClockWatchParts;
  #looks = 0;
  #saidDoubt: string | null = null;
  #isStopped = false;
  #cancel = () => {};

  private constructor(parts: ClockWatchParts) {
    this.#parts = parts;
  }

  /** Resolves within seconds, once each witness was asked for the first time. */
  static async start(parts: ClockWatchParts): Promise<ClockWatch> {
    const watch = new ClockWatch(parts);
    try {
      const latest = await parts.latestTime?.read();
      if (latest) {
        parts.plausibility.remember(latest);
      }
    } catch (error) {
      parts.log.warn({ error }, 'Cannot read the latest stored time');
    }
    await watch.#ask();
    watch.#lookLater();
    return watch;
  }

  [Symbol.dispose](): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #lookLater(): void {
    if (!this.#isStopped) {
      this.#cancel = this.#parts.clock.schedule(WATCH_INTERVAL_MS, () => this.#look());
    }
  }

  #look(): void {
    const { plausibility } = this.#parts;
    plausibility.look();
    this.#looks += 1;
    this.#lookLater();
    if (this.#looks % LOOKS_PER_ASKING === 0 || plausibility.doubt !== null) {
      void this.#ask();
    } else {
      this.#say();
    }
  }

  async #ask(): Promise<void> {
    await Promise.all(this.#parts.witnesses.map((witness) => this.#askOne(witness)));
    if (!this.#isStopped) {
      this.#say();
      await this.#note();
    }
  }

  async #askOne({ by, ask }: ClockWitness): Promise<void> {
    const { clock, plausibility, log } = this.#parts;
    try {
      const askedMs = clock.now().getTime();
      const theirsMs = await inTime(clock, ASKING_TIMEOUT_MS, ask(ASKING_TIMEOUT_MS), () => {
        throw new Error(`no answer within ${ASKING_TIMEOUT_MS} ms`);
      });
      const answeredMs = clock.now().getTime();
      if (theirsMs !== null) {
        plausibility.hear({ by, theirsMs, oursMs: (askedMs + answeredMs) / 2 });
      }
    } catch (error) {
      log.debug({ error, witness: by }, 'A witness of the time did not answer');
    }
  }

  /** Stores only a time that is believed: one from a clock that was once ahead must not stay. */
  async #note(): Promise<void> {
    const { plausibility, latestTime, log } = this.#parts;
    if (plausibility.doubt !== null) {
      return;
    }
    try {
      await latestTime?.note();
    } catch (error) {
      log.debug({ error }, 'Cannot store the time');
    }
  }

  #say(): void {
    const { plausibility, log } = this.#parts;
    const { doubt } = plausibility;
    if (doubt !== null && this.#saidDoubt === null) {
      log.error(
        { doubt },
        'The clock of this machine is in doubt: nothing is refused for its dates',
      );
    } else if (doubt === null && this.#saidDoubt !== null) {
      log.info({}, 'The clock of this machine is no longer in doubt');
    }
    this.#saidDoubt = doubt;
  }
}

/** Watches the clock of a process, unless that was given a clock of its own. */
export function watchClock(
  { clock, log, plausibility, isSystemClock }: ProcessParts,
  config: WitnessConfig,
  latestTime?: LatestTime,
): Promise<ClockWatch> {
  const witnesses = isSystemClock ? clockWitnesses(config) : [];
  return ClockWatch.start({ clock, log, plausibility, witnesses, latestTime });
}
