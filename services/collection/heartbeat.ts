import type { Clock } from '#clock/clock.ts';

/** RS-016 "Pings": one every 5 s; a peer that is silent for 9 s is gone. */
const PING_INTERVAL_MS = 5_000;
const SILENCE_LIMIT_MS = 9_000;
const TICK_MS = 1_000;
const SLOTS = PING_INTERVAL_MS / TICK_MS;

/** A connection to keep alive, or to find dead. */
interface Pulse {
  ping(): void;
  /** When the peer last showed a sign of life, by the clock's `elapsedMs`. */
  lastSeenMs(): number;
  /** The peer is gone. */
  lost(): void;
}

/**
 * Pings many connections with one timer, a fifth of them each second, and drops those whose peer is
 * silent.
 */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #slots: Set<Pulse>[] = Array.from({ length: SLOTS }, () => new Set());
  #turn = 0;
  #cancelTick: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Pings at once, then every 5 s.
   *
   * @returns a function that stops it; safe to call twice
   */
  watch(pulse: Pulse): () => void {
    const slot = this.#slots[this.#turn];
    slot?.add(pulse);
    this.#cancelTick ??= this.#clock.schedule(TICK_MS, () => this.#tick());
    pulse.ping();
    return () => {
      slot?.delete(pulse);
    };
  }

  #tick(): void {
    this.#turn = (this.#turn + 1) % SLOTS;
    const nowMs = this.#clock.elapsedMs();
    for (const pulse of this.#slots[this.#turn] ?? []) {
      pulse.ping();
    }
    for (const slot of this.#slots) {
      for (const pulse of slot) {
        if (nowMs - pulse.lastSeenMs() >= SILENCE_LIMIT_MS) {
          slot.delete(pulse);
          pulse.lost();
        }
      }
    }
    const isEmpty = this.#slots.every((slot) => slot.size === 0);
    this.#cancelTick = isEmpty ? null : this.#clock.schedule(TICK_MS, () => this.#tick());
  }
}
