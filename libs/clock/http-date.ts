/**
 * When an HTTP response was made, by its server's clock.
 *
 * @param headers - `date` and `age` as received
 * @returns milliseconds since the epoch; null if there is no date, or the response comes from a
 * cache
 */
export function httpDateMs(headers: {
  readonly date: unknown;
  readonly age: unknown;
}): number | null {
  const isFresh = headers.age === undefined || headers.age === null;
  const atMs = typeof headers.date === 'string' && isFresh ? Date.parse(headers.date) : Number.NaN;
  return Number.isNaN(atMs) ? null : atMs;
}
