import type { Clock } from '#clock/clock.ts';
import { quotaVariables } from '#composition/quota-variables.ts';
import { type QuotaSettings, Quotas } from '#gateway/intake/quotas.ts';
import { readConfiguration } from '#runtime/configuration/configuration.ts';
import { InProcessTallies } from '#tallies/in-process/tallies.ts';

/** The default quotas, but for those given, over tallies of their own. */
export function counted(clock: Clock, settings: Partial<QuotaSettings> = {}) {
  const tallies = new InProcessTallies({ clock });
  const defaults = readConfiguration({}, quotaVariables);
  return { tallies, quotas: new Quotas(tallies, { ...defaults, ...settings }) };
}
