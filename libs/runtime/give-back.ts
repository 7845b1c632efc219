import { Session } from 'node:inspector/promises';
import { flushCompileCache } from 'node:module';

/**
 * Returns memory that only starting needed: code read and compiled once leaves garbage that V8
 * would not collect until as much again had piled up. Stops the process for some tenths of a
 * second. Also saves the compiled code for the next start. Never throws.
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
    // Without an inspector, Node keeps the memory, but works.
  } finally {
    session.disconnect();
  }
}
