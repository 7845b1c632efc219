/** The longest that Node's timers can wait, in milliseconds. */
const LONG_MS = 2 ** 31 - 1;

/**
 * Keeps the process alive until disposed of. A pause or a deadline does not: while a command waits
 * to ask a service again, nothing else may be left that does.
 */
export function keptAlive(): Disposable {
  const timer = setInterval(() => {}, LONG_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
