import { Session } from 'node:inspector/promises';
import { flushCompileCache } from 'node:module';

/**
 * Gives back the memory that only starting needed: what was read and compiled once leaves its
 * remains in the heap, which V8 would not look at until as much again has piled up. Stops the
 * process for some tenth of a second. Keeps what was compiled besides, for the next start. Never fails.
 *
 * @see docs/decisions/small-when-idle.md
 */
export async function giveBackWhatStartingTook(): Promise<void> {
  flushCompileCache();
  const session = new Session();
  try {
    session.connect();
    await session.post('HeapProfiler.collectGarbage');
  } catch {
    // A Node without an inspector keeps the memory, and serves all the same.
  } finally {
    session.disconnect();
  }
}
