import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Fleet } from './fleet.ts';
import { FORM } from './form.ts';

/**
 * Lets a fleet of Android phones collect while something restarts again and again; fails unless none is lost
 * and all parcels that were accepted meanwhile arrive.
 *
 * @param port - of PoWeb and collection
 * @param restart - resolves once it serves again
 */
export async function undergoRestarts(
  t: TestContext,
  { port, times = FORM.restarts }: { readonly port: number; readonly times?: number },
  restart: () => Promise<void>,
): Promise<void> {
  await using fleet = new Fleet(port);
  await fleet.enlist(FORM.phones);
  await fleet.untilCollecting(t.signal);
  fleet.startSending(t.signal);
  for (let time = 0; time < times; time++) {
    await restart();
    await fleet.untilCollecting(t.signal);
    assert.deepEqual(fleet.lost, {}, `after ${time + 1} restarts`);
  }
  const sent = await fleet.stopSending();
  await fleet.untilArrived(t.signal);
  t.diagnostic(`${sent} parcels arrived; connections: ${fleet.endings.join(', ')}`);
}
