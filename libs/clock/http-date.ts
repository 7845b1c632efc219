/**
 * When an HTTP answer was made, by whoever made it.
 *
 * @param headers - `date` and `age` as they came
 * @returns milliseconds since the epoch; null if it does not say, or comes from a cache
 */
export function httpDateMs(headers: {
  readonly date: unknown;
  readonly age: unknown;
}): number | null {
  const isFresh = headers.age === undefined || headers.age === null;
  const atMs = typeof headers.date === 'string' && isFresh ? Date.parse(headers.date) : Number.NaN;
  return Number.isNaN(atMs) ? null : atMs;
}
