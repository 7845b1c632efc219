import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { workerData } from 'node:worker_threads';
import { Connection } from './connection.ts';
import { failureOf } from './failure.ts';
import { serveThread, type ThreadWork } from './serve-thread.ts';

/** What the reader thread is started with. */
export interface ReaderOptions {
  readonly path: string;
  /** Whether nobody writes to the file, so that none are made beside it. @default false */
  readonly isStill?: boolean;
}

serveThread(() => openReader(workerData as ReaderOptions));

/** Opens the file at the first call, as this thread starts beside the one that creates it. */
function openReader(options: ReaderOptions): ThreadWork {
  let connection: Connection | null = null;
  const sql: string[] = [];
  return {
    learn: (newSql) => (connection ? connection.learn(newSql) : sql.push(...newSql)),
    run: (calls) =>
      calls.map((call) => {
        try {
          connection ??= connect(options, sql);
          return connection.run(call);
        } catch (error) {
          return { failure: failureOf(error) };
        }
      }),
    close: () => connection?.close(),
  };
}

/** Pages in memory. */
const CACHE_OCTETS = 8 * 1_024 * 1_024;

function connect({ path, isStill }: ReaderOptions, sql: readonly string[]): Connection {
  const url = pathToFileURL(path);
  if (isStill) {
    url.searchParams.set('immutable', '1');
  }
  const connection = new Connection(new DatabaseSync(url, { readOnly: true, timeout: 1_000 }));
  connection.exec(`PRAGMA temp_store = MEMORY; PRAGMA cache_size = -${CACHE_OCTETS / 1_024};`);
  connection.learn(sql);
  return connection;
}
