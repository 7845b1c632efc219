import type { Clock } from '#clock/clock.ts';
import { quotaVariables } from '#composition/quota-variables.ts';
import type { HeldSettings } from '#gateway/held/held-bounds.ts';
import { HeldShares } from '#gateway/held/held-shares.ts';
import { type QuotaSettings, Quotas } from '#gateway/intake/quotas.ts';
import { readConfiguration } from '#runtime/configuration/configuration.ts';
import { InProcessTallies } from '#tallies/in-process/tallies.ts';

/** The default quotas, but for those given, over tallies of their own. */
export function counted(clock: Clock, settings: Partial<QuotaSettings> = {}) {
  const tallies = new InProcessTallies({ clock });
  const defaults = readConfiguration({}, quotaVariables);
  return { tallies, quotas: new Quotas(tallies, { ...defaults, ...settings }) };
}

/** Bounds nothing but for what is given. */
export function heldShares(
  parts: ConstructorParameters<typeof HeldShares>[0],
  settings: Partial<HeldSettings> = {},
): HeldShares {
  const unbounded = { parcels: 0, octets: 0, percentOfRoom: 0, storeOctets: 0 };
  return new HeldShares(parts, { ...unbounded, ...settings });
}
