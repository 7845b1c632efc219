/**
 * Loaded into a process before its own code (`--import`): shifts its time of day by
 * `TEST_CLOCK_SHIFT_MS`, in milliseconds. Timers are unaffected, as with a wrong clock.
 */
const shiftMs = Number(process.env.TEST_CLOCK_SHIFT_MS ?? 0);
const RealDate = Date;

class ShiftedDate extends RealDate {
  constructor(...given: readonly number[]) {
    super(...((given.length === 0 ? [ShiftedDate.now()] : given) as [number]));
  }

  static override now(): number {
    return RealDate.now() + shiftMs;
  }

  /** Dates made earlier, or by Node itself, count as well. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return Object.prototype.isPrototypeOf.call(RealDate.prototype, Object(value));
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
