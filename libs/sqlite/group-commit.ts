import type { Connection } from './connection.ts';
import { failureOf } from './failure.ts';
import type { PreparedCallStatement, WireAnswer } from './wire.ts';

type Call = readonly PreparedCallStatement[];

/**
 * Runs calls in one transaction with one sync. Each call is still atomic, and a failed one undoes
 * only itself.
 *
 * Calls have no savepoints, for which SQLite would copy every page that one changes: where one
 * fails, both halves are run again, until it is alone.
 *
 * @returns one answer per call, after the sync
 */
export function commitTogether(
  connection: Connection,
  calls: readonly Call[],
  { copiesLog = true }: { readonly copiesLog?: boolean } = {},
): WireAnswer[] {
  try {
    connection.exec('BEGIN IMMEDIATE');
    const answers = calls.map((call) => connection.run(call));
    connection.exec('COMMIT');
    return answers;
  } catch (error) {
    leaveTransaction(connection);
    if (calls.length === 1) {
      const failure = failureOf(error);
      return failure.kind === 'full' && copiesLog && copyLog(connection)
        ? commitTogether(connection, calls, { copiesLog: false })
        : [{ failure }];
    }
    // Also where the whole failed, as on a full disk: some may fit.
    const middle = Math.ceil(calls.length / 2);
    const halves = [calls.slice(0, middle), calls.slice(middle)];
    return halves.flatMap((half) => commitTogether(connection, half));
  }
}

/**
 * Copies the log into the database, so that the log starts over and grows no further. May fail if
 * the database would have to grow.
 */
function copyLog(connection: Connection): boolean {
  try {
    connection.exec('PRAGMA wal_checkpoint(RESTART)');
    return true;
  } catch {
    return false;
  }
}

function leaveTransaction(connection: Connection): void {
  if (connection.inTransaction) {
    connection.exec('ROLLBACK');
  }
}
