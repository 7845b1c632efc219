import type { Connection } from './connection.ts';
import { failureOf } from './failure.ts';
import type { PreparedCallStatement, WireAnswer } from './wire.ts';

type Call = readonly PreparedCallStatement[];

/**
 * Runs calls in one transaction with one sync. Each call is still atomic, and a failed one undoes
 * only itself.
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
    const answers = calls.map((call) => runWithin(connection, call));
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
    // The whole transaction failed, as on a full disk: retry each call alone, as some may fit.
    return calls.flatMap((call) => commitTogether(connection, [call]));
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

/** @throws what ended the whole transaction */
function runWithin(connection: Connection, call: Call): WireAnswer {
  const [only] = call;
  if (call.length === 1 && only) {
    return runOnly(connection, only);
  }
  connection.exec('SAVEPOINT call');
  try {
    const result = connection.run(call);
    connection.exec('RELEASE call');
    return result;
  } catch (error) {
    if (!connection.inTransaction) {
      throw error;
    }
    connection.exec('ROLLBACK TO call; RELEASE call');
    return { failure: failureOf(error) };
  }
}

/** Needs no savepoint: SQLite undoes a single failed statement. */
function runOnly(connection: Connection, statement: PreparedCallStatement): WireAnswer {
  try {
    return connection.run([statement]);
  } catch (error) {
    if (!connection.inTransaction) {
      throw error;
    }
    return { failure: failureOf(error) };
  }
}

function leaveTransaction(connection: Connection): void {
  if (connection.inTransaction) {
    connection.exec('ROLLBACK');
  }
}
