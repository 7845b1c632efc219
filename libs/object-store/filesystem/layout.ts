import type { Migration } from '#sqlite/migrate.ts';

/**
 * `objects` is the truth: an object exists if it has a row there. Its body is a row of
 * `object_bodies` or a file, named by the generation.
 */
export const OBJECT_MIGRATIONS: readonly Migration[] = [
  [
    `CREATE TABLE objects (
      key TEXT PRIMARY KEY,
      generation INTEGER NOT NULL,
      expires_at_ms INTEGER NOT NULL,
      size_octets INTEGER NOT NULL,
      stored_at_ms INTEGER NOT NULL,
      in_file INTEGER NOT NULL
    ) WITHOUT ROWID`,
    'CREATE INDEX objects_by_expiry ON objects (expires_at_ms)',
    'CREATE INDEX objects_in_files ON objects (generation) WHERE in_file = 1',
    'CREATE TABLE object_bodies (generation INTEGER PRIMARY KEY, body BLOB NOT NULL)',
    'CREATE TABLE object_generations (next INTEGER NOT NULL)',
    'INSERT INTO object_generations VALUES (1)',
  ],
  // What was stored before has no holder, and counts for nobody until it is gone.
  [
    'ALTER TABLE objects ADD COLUMN holder TEXT',
    `CREATE TABLE object_holdings (
      holder TEXT PRIMARY KEY,
      objects INTEGER NOT NULL,
      octets INTEGER NOT NULL
    ) WITHOUT ROWID`,
    // The row of all.
    `INSERT INTO object_holdings
      SELECT '', count(*), ifnull(sum(size_octets), 0) FROM objects`,
    `CREATE TRIGGER object_added AFTER INSERT ON objects BEGIN ${adding('NEW')} END`,
    `CREATE TRIGGER object_replaced AFTER UPDATE ON objects BEGIN
      ${removing('OLD')} ${adding('NEW')} END`,
    `CREATE TRIGGER object_removed AFTER DELETE ON objects BEGIN ${removing('OLD')} END`,
  ],
];

/** Counts a row for its holder, if it has one, and for all. */
function adding(row: 'NEW'): string {
  return `UPDATE object_holdings SET objects = objects + 1, octets = octets + ${row}.size_octets
    WHERE holder = '';
  INSERT INTO object_holdings SELECT ${row}.holder, 1, ${row}.size_octets
    WHERE ${row}.holder IS NOT NULL
    ON CONFLICT (holder) DO UPDATE SET objects = objects + 1, octets = octets + excluded.octets;`;
}

/** Takes back what {@link adding} counted; a holder of nothing has no row. */
function removing(row: 'OLD'): string {
  return `UPDATE object_holdings SET objects = objects - 1, octets = octets - ${row}.size_octets
    WHERE holder IN ('', ${row}.holder);
  DELETE FROM object_holdings WHERE holder = ${row}.holder AND objects = 0;`;
}

/** The store's statements, with their parameters in order. */
export const SQL = {
  insertBody: 'INSERT INTO object_bodies (generation, body) VALUES (?, ?)',

  /** Parameters: as `insertBody`. Does nothing unless the statement before changed a row. */
  insertBodyIfChanged:
    'INSERT INTO object_bodies (generation, body) SELECT ?, ? WHERE changes() > 0',

  /** Does nothing if there is an object of that key. */
  insertObject: `INSERT INTO objects
      (key, generation, expires_at_ms, size_octets, stored_at_ms, in_file, holder)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`,

  /** Parameters: key. */
  deleteReplacedBody:
    'DELETE FROM object_bodies WHERE generation = (SELECT generation FROM objects WHERE key = ?)',

  /** Parameters: key. Returns the generation of the file about to be replaced, if any. */
  selectReplacedFile: 'SELECT generation FROM objects WHERE key = ? AND in_file = 1',

  upsertObject: `INSERT INTO objects
      (key, generation, expires_at_ms, size_octets, stored_at_ms, in_file, holder)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET
      generation = excluded.generation,
      expires_at_ms = excluded.expires_at_ms,
      size_octets = excluded.size_octets,
      stored_at_ms = excluded.stored_at_ms,
      in_file = excluded.in_file,
      holder = excluded.holder`,

  selectObject: `SELECT o.generation, o.expires_at_ms, o.size_octets, o.in_file, b.body
    FROM objects o LEFT JOIN object_bodies b ON b.generation = o.generation
    WHERE o.key = ?`,

  /** Parameters: key; generation, or null for any. The same for `deleteObject`. */
  deleteBodyOf: `DELETE FROM object_bodies WHERE generation =
    (SELECT generation FROM objects WHERE key = ? AND generation = ifnull(?, generation))`,

  deleteObject: `DELETE FROM objects WHERE key = ? AND generation = ifnull(?, generation)
    RETURNING generation, in_file`,

  /**
   * Parameters: first key, key after the last, row limit. With a single lower bound, every page
   * costs the same.
   */
  selectPage: `SELECT key, generation, expires_at_ms, size_octets, stored_at_ms FROM objects
    WHERE key >= ? AND key < ? ORDER BY key LIMIT ?`,

  /** Parameters: now, row limit. Selects the same rows as `deleteExpiredObjects`. */
  deleteExpiredBodies: `DELETE FROM object_bodies WHERE generation IN
    (SELECT generation FROM objects WHERE expires_at_ms < ? ORDER BY expires_at_ms, key LIMIT ?)`,

  deleteExpiredObjects: `DELETE FROM objects WHERE key IN
    (SELECT key FROM objects WHERE expires_at_ms < ? ORDER BY expires_at_ms, key LIMIT ?)
    RETURNING key, generation, in_file`,

  /** Parameters: holder. Returns the row of all, and that of the holder, if it holds anything. */
  selectHoldings: "SELECT holder, objects, octets FROM object_holdings WHERE holder IN ('', ?)",

  /** Parameters: generations as a JSON array. Returns those that no object keeps its file under. */
  selectUnreferenced: `SELECT value AS generation FROM json_each(?)
    WHERE NOT EXISTS (SELECT 1 FROM objects WHERE in_file = 1 AND generation = value)`,

  /** Parameters: how many, twice. Returns the first reserved generation. */
  reserveGenerations: 'UPDATE object_generations SET next = next + ? RETURNING next - ? AS first',

  /** Changes nothing, yet is written and synced. */
  touch: 'UPDATE object_generations SET next = next',
} as const;
