import process from 'node:process';

/**
 * Has something removed when SIGINT or SIGTERM comes, before the process ends as it would have, until
 * it is disposed of. Where several wait for the same signal, the last to be done ends the process;
 * a second signal ends it at once.
 */
export function atSignal(cleanUp: () => void | Promise<void>): Disposable {
  let isCleaning = false;
  const forget = () => process.off('SIGINT', heed).off('SIGTERM', heed);
  const end = (signal: NodeJS.Signals) => {
    forget();
    if (process.listenerCount(signal) === 0) {
      process.kill(process.pid, signal);
    }
  };
  function heed(signal: NodeJS.Signals): void {
    if (isCleaning) {
      end(signal);
      return;
    }
    isCleaning = true;
    void Promise.try(cleanUp)
      .catch(() => {})
      .finally(() => end(signal));
  }
  process.on('SIGINT', heed).on('SIGTERM', heed);
  return { [Symbol.dispose]: () => void forget() };
}
