import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BACKING_DEADLINE_MS } from '#backing/calls.ts';
import { openFilesystemObjectStore } from '#object-store/filesystem/open-store.ts';
import { openDatabase } from '#sqlite/open-database.ts';
import type { ReachableGateway } from './both-forms.ts';
import { startGateway } from './running-gateway.ts';

/** Starts a whole gateway in this process, on the embedded backing. */
export async function startInOneProcess(
  environment: Readonly<Record<string, string>> = {},
): Promise<ReachableGateway> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'awala-interop-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const deadlineMs = BACKING_DEADLINE_MS;
  const database = opened.use(await openDatabase(join(folder, 'objects.db'), { deadlineMs }));
  const objects = opened.use(
    await openFilesystemObjectStore({ database, folder: join(folder, 'objects'), deadlineMs }),
  );
  const { listening, gateway, collection } = opened.use(
    await startGateway({ objects }, environment),
  );
  const closing = opened.move();
  return {
    listening,
    gateway,
    objects,
    pids: [],
    async replaceCollection() {
      await collection.closeAll();
      collection.resume();
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}
