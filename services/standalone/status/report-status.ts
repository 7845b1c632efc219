import { LookUps, type Remembered } from '#bounds/look-ups.ts';
import type { Clock } from '#clock/clock.ts';
import type { LocalDatabases } from '#composition/local-databases.ts';
import type { Operations } from '#composition/operations.ts';
import type { Gateway } from '#gateway/gateway.ts';
import { PhonesSeen } from '#gateway/held/phones-seen.ts';
import type { HeldIndex } from '#held-index/port.ts';
import type { RecordStore } from '#record-store/port.ts';
import type { ProcessMetrics } from '#runtime/metrics.ts';
import { releaseOf } from '#runtime/release.ts';
import type { Edge } from '#services/edge/edge.ts';
import { observeHeld } from '#services/workers/held-metrics.ts';
import { TOPICS } from '#services/workers/set-aside-jobs.ts';
import { countSetAside } from '#services/workers/work-metrics.ts';
import type { WorkQueue } from '#work-queue/port.ts';
import { lastBackupAt } from '../backup/last-backup.ts';
import type { StandaloneConfig } from '../config.ts';
import type { GatewayStatus } from './gateway-status.ts';
import { LastMinute } from './last-minute.ts';
import { type HeldByKind, heldIn, statusOf } from './stored-status.ts';

const LEAST_REMEMBERED_MS = 10_000;
/** Counting takes a twentieth of the time at most. */
const REMEMBERED_PER_COUNT = 20;

const NOTHING_KNOWN = { forPhones: null, forInternet: null, cargo: null };

interface StatusParts {
  readonly clock: Clock;
  readonly records: RecordStore;
  readonly queue: WorkQueue;
  readonly heldIndex: HeldIndex | null;
  readonly databases: LocalDatabases;
  readonly processMetrics: ProcessMetrics;
  readonly identity: Gateway['identity'];
  readonly edge: Edge | null;
}

/**
 * Lets the operations port report the status of this process, and counts the phones that it sees.
 * Disposing of it saves that count.
 *
 * @throws {BackingUnavailableError}
 */
export async function reportStatus(
  operations: Operations,
  config: StandaloneConfig,
  parts: StatusParts,
): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const { clock, processMetrics } = parts;
  const phones = opened.use(await PhonesSeen.open(parts));
  processMetrics.tellOfPhones((phone) => phones.note(phone));
  processMetrics.observe('phones_seen', 'Private gateways seen within 30 days, about', () =>
    phones.count(),
  );
  const lastMinute = opened.use(new LastMinute(clock, processMetrics));
  const startedAtMs = clock.elapsedMs();
  const counted = new LookUps<HeldByKind | null>(clock, 1);
  const held = () => counted.get('held', () => heldHere(config, parts));
  observeHeld(processMetrics, clock, async () => {
    const { forPhones, forInternet, cargo } = (await held()) ?? NOTHING_KNOWN;
    return { 'for-phones': forPhones, 'for-internet': forInternet, cargo };
  });
  processMetrics.observe(
    'last_backup_timestamp_seconds',
    'When the last backup succeeded, in Unix time; 0 if none ever did',
    async () => ((await lastBackupAt(config.dataFolder))?.getTime() ?? 0) / 1_000,
  );
  const { version } = releaseOf(config.release);
  operations.reportStatus(
    async (): Promise<GatewayStatus> => ({
      at: clock.now().toISOString(),
      internetAddress: config.internetAddress,
      running: {
        version,
        upSeconds: Math.round((clock.elapsedMs() - startedAtMs) / 1_000),
        failing: await operations.failing(),
        phonesConnected: await processMetrics.total('awala_collectors_connected'),
        registration: config.registration,
        lastMinute: await lastMinute.counts(),
      },
      phonesSeen: phones.count(),
      held: await held().then((found) => found && statusOf(found)),
      jobs: await jobsOf(parts),
      diskRoomOctets: await parts.databases.roomOctets(),
      certificates: await certificatesOf(parts),
      lastBackupAt: (await lastBackupAt(config.dataFolder))?.toISOString() ?? null,
    }),
  );
  return opened.move();
}

/** Counted again when it is old enough that counting takes a small part of the time. */
async function heldHere(
  { objectStore }: StandaloneConfig,
  { clock, databases, heldIndex }: StatusParts,
): Promise<Remembered<HeldByKind | null>> {
  if (objectStore.kind !== 'filesystem') {
    const totals = await heldIndex?.totals().catch(() => null);
    return totals
      ? { value: { ...NOTHING_KNOWN, forPhones: totals }, forMs: LEAST_REMEMBERED_MS }
      : { value: null, forMs: 0 };
  }
  const beganAtMs = clock.elapsedMs();
  const value = await heldIn(await databases.in(objectStore.folder), clock.now());
  const tookMs = clock.elapsedMs() - beganAtMs;
  return { value, forMs: Math.max(LEAST_REMEMBERED_MS, REMEMBERED_PER_COUNT * tookMs) };
}

async function jobsOf({ queue, clock }: StatusParts): Promise<GatewayStatus['jobs']> {
  const each = await Promise.all(
    TOPICS.map(async (topic) => ({
      waiting: await queue.depth(topic),
      oldestDue: await queue.oldestDue(topic),
      setAside: await countSetAside(queue, topic),
    })),
  );
  const nowMs = clock.now().getTime();
  const lateMs = each.map(({ oldestDue }) => (oldestDue ? nowMs - oldestDue.getTime() : 0));
  return {
    waiting: each.reduce((sum, { waiting }) => sum + waiting, 0),
    oldestDueSeconds: Math.round(Math.max(0, ...lateMs) / 1_000),
    setAside: each.reduce((sum, { setAside }) => sum + setAside, 0),
  };
}

async function certificatesOf({
  identity,
  edge,
}: StatusParts): Promise<GatewayStatus['certificates']> {
  const { notAfter } = await identity.currentCertificate();
  return {
    gatewayUntil: notAfter.toISOString(),
    tlsUntil: edge?.certificateExpiresAt?.toISOString() ?? null,
    tlsFailure: edge?.certificateFailure ?? null,
  };
}
