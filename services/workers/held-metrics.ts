import type { Clock } from '#clock/clock.ts';
import type { HeldTotals } from '#held-index/port.ts';
import type { ProcessMetrics } from '#runtime/metrics.ts';

/** What is held, by what it is; null where that is not known. */
type HeldByKind = Readonly<
  Partial<Record<'for-phones' | 'for-internet' | 'cargo', HeldTotals | null>>
>;

/**
 * Adds the metrics of what is held: how much, and how old the oldest is.
 *
 * @param held - if it fails, the scrape omits them
 */
export function observeHeld(
  metrics: ProcessMetrics,
  clock: Clock,
  held: () => Promise<HeldByKind>,
): void {
  const kinds = 'for phones, for Internet apps, and in cargo that is not unpacked yet';
  const observe = (name: string, what: string, read: (found: HeldTotals) => number) =>
    metrics.observeEach(name, `${what}: ${kinds}`, 'what', async () =>
      Object.fromEntries(
        Object.entries(await held()).flatMap(([kind, found]) =>
          found ? [[kind, read(found)] as const] : [],
        ),
      ),
    );
  observe('held_objects', 'Parcels and cargoes held', ({ objects }) => objects);
  observe('held_octets', 'Octets held', ({ octets }) => octets);
  observe('held_oldest_seconds', 'Time since the oldest was stored; 0 if none is held', (found) =>
    found.oldestAt ? Math.max(0, clock.now().getTime() - found.oldestAt.getTime()) / 1_000 : 0,
  );
}
