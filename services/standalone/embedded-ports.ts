import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#clock/clock.ts';
import type { GatewayPorts } from '#gateway/gateway.ts';
import { openLocalKeyVault } from '#key-vault/local/key-vault.ts';
import type { Log } from '#log/log.ts';
import { openFilesystemObjectStore } from '#object-store/filesystem/open-store.ts';
import { openSqliteRecordStore } from '#record-store/sqlite/open-store.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { openDatabase } from '#sqlite/open-database.ts';
import { openSqliteWorkQueue } from '#work-queue/sqlite/open-queue.ts';

export type BackingPorts = Pick<
  GatewayPorts,
  'objects' | 'records' | 'vault' | 'signals' | 'queue'
>;

/**
 * Opens the embedded backing in a folder: one database for everything small, files
 * for large parcels, keys sealed on disk. Closing it closes all.
 *
 * @throws {BackingUnavailableError} if the folder cannot be used, or another gateway uses it
 */
export async function openEmbeddedPorts({
  folder,
  clock,
  log,
}: {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<BackingPorts & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const database = opened.use(await openDatabase(join(folder, 'gateway.db')));
  const objectsFolder = join(folder, 'objects');
  const ports = {
    objects: opened.use(
      await openFilesystemObjectStore({ database, folder: objectsFolder, clock }),
    ),
    records: opened.use(await openSqliteRecordStore({ database, clock })),
    queue: opened.use(await openSqliteWorkQueue({ database, clock, log })),
    vault: opened.use(await openLocalKeyVault({ folder: join(folder, 'keys'), log })),
    signals: opened.use(new InProcessSignals({ log })),
  };
  const closing = opened.move();
  return { ...ports, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}
