import type { Clock } from '#clock/clock.ts';
import {
  CARGO_PREFIX,
  GATEWAY_BOUND_PREFIX,
  INTERNET_BOUND_PREFIX,
} from '#gateway/held/object-keys.ts';
import { type HeldTotals, totalUnder } from '#object-store/filesystem/held-totals.ts';
import type { Database } from '#sqlite/database.ts';
import { countJobs } from '#work-queue/sqlite/job-counts.ts';
import type { GatewayStatus, Held } from './gateway-status.ts';

type Readable = Pick<Database, 'read'>;

/** What is held of each kind; null where it is not known. */
export interface HeldByKind {
  readonly forPhones: HeldTotals;
  readonly forInternet: HeldTotals | null;
  readonly cargo: HeldTotals | null;
}

/** What is held in a data folder. */
export async function heldIn(database: Readable, now: Date): Promise<HeldByKind> {
  return {
    forPhones: await totalUnder(GATEWAY_BOUND_PREFIX, database, now),
    forInternet: await totalUnder(INTERNET_BOUND_PREFIX, database, now),
    cargo: await totalUnder(CARGO_PREFIX, database, now),
  };
}

/** The same as a status has it. */
export function statusOf({ forPhones, forInternet, cargo }: HeldByKind): GatewayStatus['held'] {
  return {
    forPhones: asHeld(forPhones),
    forInternet: forInternet && asHeld(forInternet),
    cargo: cargo && asHeld(cargo),
  };
}

/** The jobs in a data folder. */
export async function jobsIn(
  database: Readable,
  clock: Clock,
): Promise<NonNullable<GatewayStatus['jobs']>> {
  const now = clock.now();
  const { waiting, setAside, oldestDue } = await countJobs(database, now);
  const lateMs = oldestDue ? now.getTime() - oldestDue.getTime() : 0;
  return { waiting, setAside, oldestDueSeconds: Math.max(0, Math.round(lateMs / 1_000)) };
}

function asHeld({ oldestAt, ...totals }: HeldTotals): Held {
  return { ...totals, oldestAt: oldestAt?.toISOString() ?? null };
}
