import assert from 'node:assert/strict';

/** Long enough for a machine that others use as well; a test that waits in vain must end. */
const PATIENCE_MS = 120_000;

/**
 * Resolves once `isMet`, looking again with each turn of the event loop.
 *
 * @throws after two minutes
 */
export async function until(isMet: () => boolean): Promise<void> {
  const giveUpAtMs = performance.now() + PATIENCE_MS;
  while (!isMet()) {
    assert.ok(performance.now() < giveUpAtMs, `never came: ${isMet}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
