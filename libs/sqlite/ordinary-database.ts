import { assertOrdinary } from '#backing/ordinary-files.ts';

/** SQLite opens these as they are, and would wait for ever in a pipe. */
const ENDINGS = ['', '-wal', '-shm', '-journal'];

/** @throws {OddFileError} if a database, or what it has beside it, is no file */
export function assertOrdinaryDatabase(path: string): void {
  for (const ending of ENDINGS) {
    assertOrdinary(`${path}${ending}`);
  }
}
