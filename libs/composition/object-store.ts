import { join } from 'node:path';
import type { ObjectStore } from '#object-store/port.ts';
import { type Values, variant } from '#runtime/configuration/configuration.ts';
import { choice, text, url } from '#runtime/configuration/variables.ts';
import { dataFolder } from './data-folder.ts';
import type { Foundations } from './foundations.ts';
import { OR_ONE_PROCESS, refusing } from './sharing.ts';

const meaning = 'where parcels and cargo are stored';

const gcs = {
  bucket: text('GCS_BUCKET', { meaning: 'the Cloud Storage bucket for parcels and cargo' }),
  apiEndpoint: url('GCS_ENDPOINT', {
    meaning:
      'URL of another server with the API of Cloud Storage; one with http: gets no credentials',
    protocols: ['https:', 'http:'],
    default: null,
  }),
};

/** For the gateway in one process. */
export const objectStore = variant(
  choice('OBJECT_STORE', ['filesystem', 'gcs'], { meaning, default: 'filesystem' }),
  { filesystem: { folder: dataFolder }, gcs },
);

/** For a service that shares the store with others. */
export const sharedObjectStore = variant(
  refusing(choice('OBJECT_STORE', ['gcs'], { meaning }), {
    kind: 'filesystem',
    sentence: `is filesystem, which only one process can use: set OBJECT_STORE=gcs and GCS_BUCKET, ${OR_ONE_PROCESS}`,
  }),
  { gcs },
);

/** Which object store to open. */
export type ObjectStoreConfig = Values<typeof objectStore>;

/**
 * Opens the configured object store.
 *
 * @throws {BackingUnavailableError} if the data folder cannot be used
 */
export async function openObjectStore(
  config: ObjectStoreConfig,
  foundations: Foundations,
): Promise<ObjectStore> {
  const { clock, databases, deadlineMs } = foundations;
  if (config.kind === 'gcs') {
    const { GcsObjectStore } = await import('#object-store/gcs/object-store.ts');
    return foundations.use(new GcsObjectStore({ ...config, clock, deadlineMs }));
  }
  const { BODY_FOLDER } = await import('#object-store/filesystem/body-links.ts');
  const { openFilesystemObjectStore } = await import('#object-store/filesystem/open-store.ts');
  const database = await databases.in(config.folder);
  const folder = join(config.folder, BODY_FOLDER);
  return foundations.use(await openFilesystemObjectStore({ database, folder, clock, deadlineMs }));
}
