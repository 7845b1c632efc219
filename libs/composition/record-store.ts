import type { RecordStore } from '#record-store/port.ts';
import { type Values, variant } from '#runtime/configuration/configuration.ts';
import { choice, text } from '#runtime/configuration/variables.ts';
import { dataFolder } from './data-folder.ts';
import type { Foundations } from './foundations.ts';
import { OR_ONE_PROCESS, refusing } from './sharing.ts';

const meaning = 'where certificates, session keys and accepted parcels are recorded';

const firestore = {
  project: text('FIRESTORE_PROJECT', {
    meaning: 'the Google Cloud project of the Firestore database',
  }),
  database: text('FIRESTORE_DATABASE', {
    meaning: 'the Firestore database',
    default: '(default)',
  }),
  emulatorAddress: text('FIRESTORE_EMULATOR_HOST', {
    meaning: 'host:port of a Firestore emulator',
    default: null,
  }),
};

/** For the gateway in one process. */
export const recordStore = variant(
  choice('RECORD_STORE', ['sqlite', 'firestore'], { meaning, default: 'sqlite' }),
  { sqlite: { folder: dataFolder }, firestore },
);

/** For a service that shares the store with others. */
export const sharedRecordStore = variant(
  refusing(choice('RECORD_STORE', ['firestore'], { meaning }), {
    kind: 'sqlite',
    sentence: `is sqlite, which only one process can use: set RECORD_STORE=firestore and FIRESTORE_PROJECT, ${OR_ONE_PROCESS}`,
  }),
  { firestore },
);

/** Which record store to open. */
export type RecordStoreConfig = Values<typeof recordStore>;

/**
 * Opens the configured record store.
 *
 * @throws {BackingUnavailableError} if the data folder cannot be used
 */
export async function openRecordStore(
  config: RecordStoreConfig,
  foundations: Foundations,
): Promise<RecordStore> {
  const { clock, databases, deadlineMs } = foundations;
  if (config.kind === 'firestore') {
    const { FirestoreRecordStore } = await import('#record-store/firestore/record-store.ts');
    return foundations.use(new FirestoreRecordStore({ ...config, clock, deadlineMs }));
  }
  const { openSqliteRecordStore } = await import('#record-store/sqlite/open-store.ts');
  const database = await databases.in(config.folder);
  return foundations.use(await openSqliteRecordStore({ database, clock }));
}
