/**
 * Loaded into a process before its own code, by `--import`: its clock is off by
 * `TEST_CLOCK_SHIFT_MS`, in milliseconds, wherever it asks for the time of day.
 * Timers go on as before, since those of a wrong clock do as well.
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

  /** What was made before, or by Node itself, is a date too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return Object.prototype.isPrototypeOf.call(RealDate.prototype, Object(value));
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
