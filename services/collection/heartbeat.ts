import type { Clock } from '#clock/clock.ts';
import { type Due, TimerWheel, type Waiting } from '#clock/timer-wheel.ts';

/** RS-016 "Pings": one every 5 s; a peer that is silent for 9 s is gone. */
const PING_INTERVAL_MS = 5_000;
const SILENCE_LIMIT_MS = 9_000;
/** Pings of one go, some 3 ms of CPU. */
const MOST_AT_ONCE = 100;
/** One turn is longer than any wait. */
const WHEEL = { tickMs: 20, ticks: 500, mostAtOnce: MOST_AT_ONCE };

/** A connection to keep alive, or to find dead. */
export interface Pulse {
  ping(): void;
  /** The peer is gone. */
  lost(): void;
}

/** The watch over one connection. */
export interface Watch {
  /** The peer showed a sign of life. */
  seen(): void;
  /** No more pings. Safe to repeat. */
  stop(): void;
}

/** Pings many connections, and drops those whose peer is silent, touching each when it is due. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wheel = new TimerWheel(clock, WHEEL);
  }

  /** Pings at once, then every 5 s. */
  watch(pulse: Pulse): Watch {
    return new Beat(pulse, this.#clock, this.#wheel);
  }
}

class Beat implements Watch, Due {
  readonly #pulse: Pulse;
  readonly #clock: Clock;
  readonly #waiting: Waiting;
  /** From when it is called next until the next ping. */
  #untilPingMs = 0;
  #lastSeenMs: number;

  constructor(pulse: Pulse, clock: Clock, wheel: TimerWheel) {
    this.#pulse = pulse;
    this.#clock = clock;
    this.#lastSeenMs = clock.elapsedMs();
    this.#waiting = wheel.add(this, PING_INTERVAL_MS);
    pulse.ping();
  }

  seen(): void {
    this.#lastSeenMs = this.#clock.elapsedMs();
  }

  stop(): void {
    this.#waiting.cancel();
  }

  fallDue(): number | null {
    const untilLostMs = this.#lastSeenMs + SILENCE_LIMIT_MS - this.#clock.elapsedMs();
    if (untilLostMs <= 0) {
      this.#pulse.lost();
      return null;
    }
    if (this.#untilPingMs === 0) {
      this.#pulse.ping();
      this.#untilPingMs = PING_INTERVAL_MS;
    }
    const delayMs = Math.min(this.#untilPingMs, untilLostMs);
    this.#untilPingMs -= delayMs;
    return delayMs;
  }
}
