import { blamesClock } from '#clock/blames-clock.ts';
import { BUILT_AT } from '#clock/built-at.ts';
import type { Clock } from '#clock/clock.ts';
import { describeOffset, MOST_OFFSET_MS, type WitnessedTime } from '#clock/clock-plausibility.ts';
import { SetupError } from './setup-error.ts';

const REMEDY =
  'Certificates and phones’ messages are judged by this clock. Let NTP set it (timedatectl set-ntp true), look at it (date -u), then repeat the same line.';

/** Compares this machine's clock with what others say, so that no certificate is asked for by a wrong one. */
export class ClockCheck {
  readonly #clock: Clock;
  #heard: WitnessedTime | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes what a resolver says of the time. */
  hear(time: WitnessedTime): void {
    this.#heard = time;
  }

  /**
   * Takes a failure to reach a resolver.
   *
   * @throws {SetupError} if a wrong clock is the likely cause
   */
  blame(error: unknown): void {
    if (blamesClock(error)) {
      const time = this.#clock.now().toISOString();
      throw new SetupError(
        `this machine’s clock shows ${time}, by which the DNS resolver’s certificate is out of date`,
        REMEDY,
        { cause: error },
      );
    }
  }

  /** @throws {SetupError} if the clock is wrong as far as is known */
  check(): void {
    const now = this.#clock.now();
    if (now < BUILT_AT) {
      throw new SetupError(
        `this machine’s clock shows ${now.toISOString()}, before this program was made`,
        REMEDY,
      );
    }
    if (this.#heard) {
      const { by, oursMs, theirsMs } = this.#heard;
      const offsetMs = oursMs - theirsMs;
      if (Math.abs(offsetMs) > MOST_OFFSET_MS) {
        throw new SetupError(
          `this machine’s clock is wrong: ${describeOffset(by, offsetMs)}`,
          REMEDY,
        );
      }
    }
  }
}
