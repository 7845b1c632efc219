import type { Migration } from '#sqlite/migrate.ts';

/** Creates the table of records. */
export const RECORD_MIGRATIONS: readonly Migration[] = [
  [
    `CREATE TABLE records (
      kind TEXT NOT NULL,
      id TEXT NOT NULL,
      version TEXT NOT NULL,
      expires_at_ms INTEGER,
      fields TEXT NOT NULL,
      PRIMARY KEY (kind, id)
    ) WITHOUT ROWID`,
    'CREATE INDEX records_by_expiry ON records (expires_at_ms) WHERE expires_at_ms IS NOT NULL',
  ],
];

/** Parameter: now. */
const LIVE = '(expires_at_ms IS NULL OR expires_at_ms > ?)';

const UPSERT = `INSERT INTO records (kind, id, version, expires_at_ms, fields)
  VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (kind, id) DO UPDATE SET
    version = excluded.version,
    expires_at_ms = excluded.expires_at_ms,
    fields = excluded.fields`;

/** The store's statements, with their parameters in order. */
export const SQL = {
  upsert: UPSERT,

  /** Parameters: as `upsert`, then now. */
  create: `${UPSERT} WHERE records.expires_at_ms <= ?`,

  /** Parameters: version, expiry, fields; kind, id, stored version, now. */
  update: `UPDATE records SET version = ?, expires_at_ms = ?, fields = ?
    WHERE kind = ? AND id = ? AND version = ? AND ${LIVE}`,

  /** Parameters: kind, id, now. */
  select: `SELECT id, version, expires_at_ms, fields FROM records
    WHERE kind = ? AND id = ? AND ${LIVE}`,

  /** Parameters: kind, first id, id after the last, now, row limit. */
  selectPage: `SELECT id, version, expires_at_ms, fields FROM records
    WHERE kind = ? AND id >= ? AND id < ? AND ${LIVE} ORDER BY id LIMIT ?`,

  /** Parameters: kind, id, version or null for any, now. */
  delete: `DELETE FROM records
    WHERE kind = ? AND id = ? AND version = ifnull(?, version) AND ${LIVE}`,

  /** Parameters: now, row limit. */
  deleteExpired: `DELETE FROM records WHERE (kind, id) IN
    (SELECT kind, id FROM records WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?)`,

  /** Tests a write with a row of no valid kind. */
  touch: `INSERT INTO records (kind, id, version, fields) VALUES ('', '', '', '{}')
    ON CONFLICT (kind, id) DO UPDATE SET version = ''`,
} as const;
