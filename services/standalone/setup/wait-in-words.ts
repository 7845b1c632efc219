const SECOND_MS = 1_000;
const MINUTE_S = 60;

/** How long, such as `40 s`, `5 min` or `1 min 20 s`; whole seconds, so that it moves. */
export function waitInWords(ms: number): string {
  const seconds = Math.floor(ms / SECOND_MS);
  const minutes = Math.floor(seconds / MINUTE_S);
  const rest = seconds % MINUTE_S;
  if (minutes === 0) {
    return `${rest} s`;
  }
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}
