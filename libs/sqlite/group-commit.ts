import type { Connection } from './connection.ts';
import { failureOf } from './failure.ts';
import type { PreparedCallStatement, WireAnswer } from './wire.ts';

type Call = readonly PreparedCallStatement[];

/**
 * Runs calls in one transaction, so that they share one sync to disk; each call
 * is still atomic by itself, and one that fails undoes only itself.
 *
 * @returns an answer per call, none before the sync is done
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
    // The whole transaction is lost, as when the disk is full: whoever fits alone shall not suffer.
    return calls.flatMap((call) => commitTogether(connection, [call]));
  }
}

/**
 * Copies the log into the database, so that it is written from its beginning again and needs no
 * more of the disk. It may fail where the database would have to grow.
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

/** A single statement needs no savepoint: SQLite undoes one that fails. */
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
