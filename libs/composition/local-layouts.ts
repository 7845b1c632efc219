import { OBJECT_MIGRATIONS } from '#object-store/filesystem/layout.ts';
import { RECORD_MIGRATIONS } from '#record-store/sqlite/layout.ts';
import { JOB_MIGRATIONS, WAITING_MIGRATIONS } from '#work-queue/sqlite/layout.ts';

/**
 * The newest layouts that this version knows of the tables in a data folder, by the component that
 * `migrate` was called with.
 */
export const LOCAL_LAYOUTS: ReadonlyMap<string, number> = new Map([
  ['object-store', OBJECT_MIGRATIONS.length],
  ['record-store', RECORD_MIGRATIONS.length],
  ['work-queue', JOB_MIGRATIONS.length],
  ['work-queue-waiting', WAITING_MIGRATIONS.length],
]);
