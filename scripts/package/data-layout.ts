import { OBJECT_MIGRATIONS } from '#object-store/filesystem/layout.ts';
import { RECORD_MIGRATIONS } from '#record-store/sqlite/layout.ts';
import { JOB_MIGRATIONS, WAITING_MIGRATIONS } from '#work-queue/sqlite/layout.ts';

/**
 * Grows with each step that a released version adds to the layout of the data folder, so that a
 * version knows what an older number stands for, and never what a greater one does.
 */
export const DATA_LAYOUT = [
  OBJECT_MIGRATIONS,
  RECORD_MIGRATIONS,
  JOB_MIGRATIONS,
  WAITING_MIGRATIONS,
].reduce((sum, { length }) => sum + length, 0);
