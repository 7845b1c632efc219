import { BACKING_DEADLINE_MS } from '#backing/calls.ts';
import { systemClock } from '#clock/clock.ts';
import { Foundations } from '#composition/foundations.ts';
import { BACKING_VARIABLES, type BackedPorts, openPorts } from '#composition/ports.ts';
import type { Log } from '#log/log.ts';
import { readConfiguration } from '#runtime/configuration/configuration.ts';

/** The embedded backing in a folder of its own, open for as long as the process lives. */
export function openEmbeddedBacking(folder: string, log: Log): Promise<BackedPorts> {
  const config = readConfiguration({ DATA_DIR: folder }, BACKING_VARIABLES);
  const parts = { clock: systemClock, log, deadlineMs: BACKING_DEADLINE_MS };
  return openPorts(config, new Foundations(parts));
}
