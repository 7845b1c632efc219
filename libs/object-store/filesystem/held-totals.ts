import type { Database } from '#sqlite/database.ts';

/** What is stored under a prefix. */
export interface HeldTotals {
  readonly objects: number;
  readonly octets: number;
  /** When the oldest of them was stored; null if there is none. */
  readonly oldestAt: Date | null;
}

/** Rows that are read together, in some 10 ms; other readers come in between. */
const ROWS_AT_ONCE = 10_000;

/** Parameters: key before the first, key after the last, row limit; now, three times. */
const SELECT_PAGE = `WITH page AS (
    SELECT key, size_octets, stored_at_ms, expires_at_ms FROM objects
    WHERE key > ? AND key < ? ORDER BY key LIMIT ?
  )
  SELECT count(*) AS scanned, max(key) AS last_key,
    count(*) FILTER (WHERE expires_at_ms > ?) AS objects,
    ifnull(sum(size_octets) FILTER (WHERE expires_at_ms > ?), 0) AS octets,
    min(stored_at_ms) FILTER (WHERE expires_at_ms > ?) AS oldest_at_ms
  FROM page`;

/**
 * Adds up the objects whose keys start with `prefix` and that have not expired, in a database that
 * need not be open for writing. Reads all of their rows, page by page: what is stored or deleted
 * meanwhile may count or not.
 */
export async function totalUnder(
  prefix: string,
  database: Pick<Database, 'read'>,
  now: Date,
): Promise<HeldTotals> {
  const atMs = now.getTime();
  let objects = 0;
  let octets = 0;
  let oldestAtMs = Number.POSITIVE_INFINITY;
  for (let after = prefix, scanned = ROWS_AT_ONCE; scanned === ROWS_AT_ONCE; ) {
    // Keys are ASCII.
    const parameters = [after, `${prefix}\u007f`, ROWS_AT_ONCE, atMs, atMs, atMs];
    const [row] = await database.read({ sql: SELECT_PAGE, parameters });
    objects += Number(row?.objects);
    octets += Number(row?.octets);
    oldestAtMs = Math.min(oldestAtMs, Number(row?.oldest_at_ms ?? Number.POSITIVE_INFINITY));
    scanned = Number(row?.scanned);
    after = String(row?.last_key);
  }
  return {
    objects,
    octets,
    oldestAt: oldestAtMs < Number.POSITIVE_INFINITY ? new Date(oldestAtMs) : null,
  };
}
