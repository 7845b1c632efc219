import { systemClock } from '#clock/clock.ts';
import { BACKING_VARIABLES, type BackedPorts, PortOpener } from '#composition/port-opener.ts';
import type { Log } from '#log/log.ts';
import { readConfiguration } from '#runtime/configuration/configuration.ts';

/** The embedded backing in a folder of its own, open for as long as the process lives. */
export function openEmbeddedBacking(folder: string, log: Log): Promise<BackedPorts> {
  const config = readConfiguration({ DATA_DIR: folder }, BACKING_VARIABLES);
  return new PortOpener({ clock: systemClock, log }).all(config);
}
