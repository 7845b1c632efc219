import { join } from 'node:path';
import type { Clock } from '#clock/clock.ts';
import { DATABASE_FILE } from '#composition/data-folder.ts';
import { PhonesSeen } from '#gateway/held/phones-seen.ts';
import { Identity } from '#gateway/identity/identity.ts';
import { silentLog } from '#log/log.ts';
import { openToLook } from '#sqlite/open-database.ts';
import { lastBackupAt } from '../backup/last-backup.ts';
import { failedOrders } from '../look/failed-orders.ts';
import { dataFolderOf, hasDatabase, type LookConfig } from '../look/look-variables.ts';
import { openRecordsToLook, openVaultToLook } from '../look/open-to-look.ts';
import { roomLeft } from '../look/room-left.ts';
import type { GatewayStatus } from './gateway-status.ts';
import { heldIn, jobsIn, statusOf } from './stored-status.ts';

const DEADLINE_MS = 10_000;

/**
 * What the data folder of a gateway that does not run says. Writes nothing; what cannot be read is
 * null.
 */
export async function stoppedStatus(config: LookConfig, clock: Clock): Promise<GatewayStatus> {
  const folder = dataFolderOf(config);
  return {
    at: clock.now().toISOString(),
    internetAddress: config.internetAddress,
    running: null,
    ...(await storedIn(config, folder, clock)),
    lastBackupAt: folder === null ? null : ((await lastBackupAt(folder))?.toISOString() ?? null),
  };
}

type Stored = Pick<
  GatewayStatus,
  'phonesSeen' | 'held' | 'jobs' | 'diskRoomOctets' | 'certificates'
>;

async function storedIn(config: LookConfig, folder: string | null, clock: Clock): Promise<Stored> {
  if (folder === null || !hasDatabase(config)) {
    return NONE_STORED;
  }
  await using opened = new AsyncDisposableStack();
  const parts = { clock, deadlineMs: DEADLINE_MS, opened };
  const path = join(folder, DATABASE_FILE);
  const database = await orNull(openToLook(path, parts));
  opened.use(database);
  const records = config.recordStore.kind === 'sqlite' ? openRecordsToLook(folder, parts) : null;
  return {
    held: database && (await orNull(heldIn(database, clock.now()).then(statusOf))),
    jobs: database && (await orNull(jobsIn(database, clock))),
    phonesSeen: await orNull(phonesIn(records, clock)),
    diskRoomOctets: await orNull(roomLeft(folder, parts)),
    certificates: {
      gatewayUntil: await orNull(certificateIn(config, records, clock)),
      tlsUntil: null,
      tlsFailure: (await failedOrders(config.certificates))?.detail ?? null,
    },
  };
}

const NONE_STORED: Stored = {
  phonesSeen: null,
  held: null,
  jobs: null,
  diskRoomOctets: null,
  certificates: { gatewayUntil: null, tlsUntil: null, tlsFailure: null },
};

type Records = ReturnType<typeof openRecordsToLook> | null;

async function phonesIn(opening: Records, clock: Clock): Promise<number | null> {
  const records = await opening;
  return records && (await PhonesSeen.read({ records, clock })).count();
}

async function certificateIn(
  { keyVault }: LookConfig,
  opening: Records,
  clock: Clock,
): Promise<string | null> {
  const records = await opening;
  if (!records || keyVault.kind !== 'local') {
    return null;
  }
  await using vault = await openVaultToLook(keyVault.folder);
  const identity = await Identity.openToVerify({ vault, records, clock, log: silentLog });
  const [current] = await identity.trustedCertificates();
  return current.notAfter.toISOString();
}

async function orNull<Result>(attempt: Promise<Result>): Promise<Result | null> {
  return attempt.catch(() => null);
}
