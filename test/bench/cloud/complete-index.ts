import { systemClock } from '#clock/clock.ts';
import { Foundations } from '#composition/foundations.ts';
import { openHeldIndex } from '#composition/held-index.ts';
import { SHARED_BACKING_VARIABLES } from '#composition/ports.ts';
import { NOTHING_HELD, PARTS } from '#held-index/port.ts';
import { silentLog } from '#log/log.ts';
import { readConfiguration } from '#runtime/configuration/configuration.ts';

const CLAIM = { intervalMs: 3_600_000, completeMs: 3_600_000, leaseMs: 60_000 };
const DEADLINE_MS = 10_000;

/** Lets the index of a new gateway, which holds nothing yet, be complete, as after a census. */
export async function completeIndex(environment: Readonly<Record<string, string>>): Promise<void> {
  const parts = { clock: systemClock, log: silentLog, deadlineMs: DEADLINE_MS };
  await using foundations = new Foundations(parts);
  const config = readConfiguration(environment, SHARED_BACKING_VARIABLES);
  const index = await openHeldIndex(config, foundations);
  for (const part of PARTS) {
    const claim = await index?.claim(part, CLAIM);
    if (!(await claim?.complete(NOTHING_HELD))) {
      throw new Error(`part ${part} of the index is not complete`);
    }
  }
}
