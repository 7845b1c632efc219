import type { Database } from '#sqlite/database.ts';

/** How many jobs there are. */
interface JobCounts {
  /** Waiting or running. */
  readonly waiting: number;
  readonly setAside: number;
  /** When the job was due that has been due for longest, or will be; null if none waits. */
  readonly oldestDue: Date | null;
}

/** Parameters: now. Leaves out the job that tests whether the database takes writes. */
const SELECT_COUNTS = `SELECT
    count(*) FILTER (WHERE set_aside_at_ms IS NULL) AS waiting,
    count(*) FILTER (WHERE set_aside_at_ms IS NOT NULL) AS set_aside,
    min(due_at_ms) FILTER (WHERE set_aside_at_ms IS NULL) AS oldest_due_at_ms
  FROM jobs WHERE topic <> '' AND (expires_at_ms IS NULL OR expires_at_ms > ?)`;

/** Counts the jobs of all topics, in a database that need not be open for writing. */
export async function countJobs(database: Pick<Database, 'read'>, now: Date): Promise<JobCounts> {
  const [row] = await database.read({ sql: SELECT_COUNTS, parameters: [now.getTime()] });
  const dueAtMs = row?.oldest_due_at_ms;
  return {
    waiting: Number(row?.waiting),
    setAside: Number(row?.set_aside),
    oldestDue: typeof dueAtMs === 'number' ? new Date(dueAtMs) : null,
  };
}
