import { systemClock } from '#clock/clock.ts';
import { BACKING_VARIABLES, type BackedPorts, Backing } from '#composition/backing.ts';
import type { Log } from '#log/log.ts';
import { readConfiguration } from '#runtime/configuration/configuration.ts';

/** The embedded backing in a folder of its own, open for as long as the process lives. */
export function openEmbeddedBacking(folder: string, log: Log): Promise<BackedPorts> {
  const config = readConfiguration({ DATA_DIR: folder }, BACKING_VARIABLES);
  return new Backing({ clock: systemClock, log }).all(config);
}
