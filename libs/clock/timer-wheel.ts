import type { Clock } from './clock.ts';

/** What a {@link TimerWheel} calls. */
export interface Due {
  /**
   * Must not throw.
   *
   * @returns in how many milliseconds to call it again; null for never
   */
  fallDue(): number | null;
}

/** Something that a {@link TimerWheel} will call. */
export interface Waiting {
  /** It is not called any more. Safe to repeat, and within the call. */
  cancel(): void;
}

interface WheelSize {
  /** How late things may be called, in milliseconds, so that one timer serves all due within it. */
  readonly tickMs: number;
  /** Ticks in one turn of the wheel. What is due later is looked at once a turn until it is due. */
  readonly ticks: number;
  /** Calls in one go; the rest follow once the event loop has served others. */
  readonly mostAtOnce: number;
}

/**
 * Calls thousands of things when they are due, with one timer of the clock: each is touched when it
 * is due, and takes one small object while it waits. Without any, there is no timer.
 *
 * Never early; late by a tick, and by as long as others take that are due at the same time.
 */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #size: WheelSize;
  /** Where each tick's entries stand, by the remainder of the tick. */
  readonly #slots: readonly Ring[];
  /** Due, and not called yet. */
  readonly #ready = new Ring();
  /** Everything up to it was called or is ready; counted from the clock's beginning. */
  #tick = 0;
  #alarmTick = Number.POSITIVE_INFINITY;
  #cancelAlarm = () => {};

  constructor(clock: Clock, size: WheelSize) {
    this.#clock = clock;
    this.#size = size;
    this.#slots = Array.from({ length: size.ticks }, () => new Ring());
  }

  /** Calls `due` after at least `delayMs`, and then as often as it wants. */
  add(due: Due, delayMs: number): Waiting {
    if (this.#alarmTick === Number.POSITIVE_INFINITY) {
      // Nothing waits: time has passed without anybody counting.
      this.#tick = Math.max(this.#tick, Math.floor(this.#clock.elapsedMs() / this.#size.tickMs));
    }
    const entry = new Entry(due);
    this.#place(entry, delayMs);
    return entry;
  }

  #place(entry: Entry, delayMs: number): void {
    const dueTick = Math.ceil((this.#nowMs + delayMs) / this.#size.tickMs);
    entry.dueTick = Math.max(dueTick, this.#tick + 1);
    this.#slotOf(entry.dueTick).append(entry);
    this.#wakeAt(entry.dueTick);
  }

  /** Whatever the clock says, a tick that was called is over. */
  get #nowMs(): number {
    return Math.max(this.#clock.elapsedMs(), this.#tick * this.#size.tickMs);
  }

  #slotOf(tick: number): Ring {
    const slot = this.#slots[tick % this.#size.ticks];
    if (!slot) {
      throw new RangeError(`${tick} is no tick`);
    }
    return slot;
  }

  #wakeAt(tick: number): void {
    if (tick < this.#alarmTick) {
      this.#cancelAlarm();
      this.#alarmTick = tick;
      const delayMs = Math.max(0, tick * this.#size.tickMs - this.#nowMs);
      this.#cancelAlarm = this.#clock.schedule(delayMs, () => this.#wake());
    }
  }

  #wake(): void {
    const reached = Math.floor(this.#clock.elapsedMs() / this.#size.tickMs);
    this.#collect(Math.max(this.#alarmTick, reached));
    // Whatever is added meanwhile waits for the alarm that is set afterwards.
    this.#alarmTick = Number.NEGATIVE_INFINITY;
    this.#callSome();
    this.#alarmTick = Number.POSITIVE_INFINITY;
    this.#wakeAt(this.#ready.isEmpty ? this.#nextTick() : this.#tick);
  }

  /** Makes ready what is due, up to a tick. */
  #collect(reached: number): void {
    const { ticks } = this.#size;
    for (let tick = Math.max(this.#tick + 1, reached - ticks + 1); tick <= reached; tick++) {
      this.#slotOf(tick).moveDue(reached, this.#ready);
    }
    this.#tick = Math.max(this.#tick, reached);
  }

  #callSome(): void {
    for (let called = 0; called < this.#size.mostAtOnce; called++) {
      const entry = this.#ready.shift();
      if (!entry) {
        return;
      }
      const delayMs = entry.due.fallDue();
      if (delayMs !== null && !entry.isCancelled) {
        this.#place(entry, delayMs);
      }
    }
  }

  /** The next tick for which something may wait. */
  #nextTick(): number {
    for (let tick = this.#tick + 1; tick <= this.#tick + this.#size.ticks; tick++) {
      if (!this.#slotOf(tick).isEmpty) {
        return tick;
      }
    }
    return Number.POSITIVE_INFINITY;
  }
}

/** A link of a {@link Ring}, or a ring's own. */
class Link {
  previous: Link = this;
  next: Link = this;

  unlink(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.previous = this;
    this.next = this;
  }
}

class Entry extends Link implements Waiting {
  readonly due: Due;
  dueTick = 0;
  isCancelled = false;

  constructor(due: Due) {
    super();
    this.due = due;
  }

  cancel(): void {
    this.isCancelled = true;
    this.unlink();
  }
}

/** Entries in order, each of which can leave by itself. */
class Ring {
  readonly #end = new Link();

  get isEmpty(): boolean {
    return this.#end.next === this.#end;
  }

  append(entry: Entry): void {
    const last = this.#end.previous;
    entry.previous = last;
    entry.next = this.#end;
    last.next = entry;
    this.#end.previous = entry;
  }

  shift(): Entry | null {
    const first = this.#end.next;
    first.unlink();
    return first instanceof Entry ? first : null;
  }

  /** Moves those that are due by a tick to another ring. */
  moveDue(tick: number, to: Ring): void {
    for (let link = this.#end.next, next = link.next; link instanceof Entry; link = next) {
      next = link.next;
      if (link.dueTick <= tick) {
        link.unlink();
        to.append(link);
      }
    }
  }
}
