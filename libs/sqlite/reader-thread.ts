import { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { Connection } from './connection.ts';
import { failureOf } from './failure.ts';
import { serveThread, type ThreadWork } from './serve-thread.ts';
import type { PreparedCallStatement, WireAnswer } from './wire.ts';

export interface ReaderOptions {
  readonly path: string;
}

serveThread(() => openReader(workerData as ReaderOptions));

function openReader({ path }: ReaderOptions): ThreadWork {
  const connection = new Connection(new DatabaseSync(path, { readOnly: true, timeout: 1_000 }));
  connection.exec('PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;');
  return {
    learn: (newSql) => connection.learn(newSql),
    run: (calls) => calls.map((call) => answer(connection, call)),
    close: () => connection.close(),
  };
}

function answer(connection: Connection, call: readonly PreparedCallStatement[]): WireAnswer {
  try {
    return connection.run(call);
  } catch (error) {
    return { failure: failureOf(error) };
  }
}
