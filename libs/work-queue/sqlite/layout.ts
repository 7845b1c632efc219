import type { Migration } from '#sqlite/migrate.ts';

/** Creates the table of jobs. */
export const JOB_MIGRATIONS: readonly Migration[] = [
  [
    `CREATE TABLE jobs (
      id INTEGER PRIMARY KEY,
      topic TEXT NOT NULL,
      key TEXT NOT NULL,
      due_at_ms INTEGER NOT NULL,
      expires_at_ms INTEGER,
      attempts INTEGER NOT NULL DEFAULT 0,
      failures INTEGER NOT NULL DEFAULT 0,
      token TEXT,
      set_aside_at_ms INTEGER,
      reason TEXT,
      UNIQUE (topic, key)
    )`,
    'CREATE INDEX jobs_by_due_time ON jobs (topic, due_at_ms) WHERE set_aside_at_ms IS NULL',
    'CREATE INDEX jobs_by_expiry ON jobs (expires_at_ms) WHERE expires_at_ms IS NOT NULL',
    'CREATE INDEX jobs_set_aside ON jobs (set_aside_at_ms) WHERE set_aside_at_ms IS NOT NULL',
  ],
];

/**
 * Adds what jobs wait for. A component of its own, so that an older version, which does not know
 * it, still runs after a rollback.
 */
export const WAITING_MIGRATIONS: readonly Migration[] = [
  [
    'ALTER TABLE jobs ADD COLUMN waits_for TEXT',
    'CREATE INDEX jobs_waiting ON jobs (topic, waits_for, due_at_ms) WHERE waits_for IS NOT NULL',
  ],
];

/** Parameters: topic, key, token. */
const IN_HAND = 'topic = ? AND key = ? AND token = ?';
/** Parameters: topic, key. */
const SET_ASIDE = 'topic = ? AND key = ? AND set_aside_at_ms IS NOT NULL';

/** The store's statements, with their parameters in order. */
export const SQL = {
  /** Parameters: topic, key, due time, expiry, now. */
  add: `INSERT INTO jobs (topic, key, due_at_ms, expires_at_ms) VALUES (?, ?, ?, ?)
    ON CONFLICT (topic, key) DO UPDATE SET
      due_at_ms = excluded.due_at_ms, expires_at_ms = excluded.expires_at_ms,
      attempts = 0, failures = 0, set_aside_at_ms = NULL, reason = NULL, waits_for = NULL
    WHERE jobs.expires_at_ms <= ? AND jobs.token IS NULL`,

  /** Parameters: now, topic, now. */
  makeTakenDue: `UPDATE jobs SET due_at_ms = ?
    WHERE topic = ? AND set_aside_at_ms IS NULL AND token IS NOT NULL AND due_at_ms > ?`,

  /** Parameters: now, row limit. */
  removeExpired: `DELETE FROM jobs WHERE id IN (SELECT id FROM jobs
    WHERE expires_at_ms <= ? AND token IS NULL ORDER BY expires_at_ms LIMIT ?)`,

  /** Parameters: now, next due time; topic, latest due time, row limit. */
  makeDueInTime: `UPDATE jobs SET due_at_ms = CASE WHEN token IS NULL THEN ? ELSE ? END
    WHERE id IN (SELECT id FROM jobs WHERE topic = ? AND set_aside_at_ms IS NULL AND due_at_ms > ?
      LIMIT ?)`,

  /** Parameters: token, next due time, topic, now, row limit. */
  take: `UPDATE jobs SET token = ?, due_at_ms = ?, waits_for = NULL,
      attempts = attempts + 1, failures = failures + (token IS NOT NULL)
    WHERE id IN (SELECT id FROM jobs WHERE topic = ? AND set_aside_at_ms IS NULL AND due_at_ms <= ?
      ORDER BY due_at_ms LIMIT ?)
    RETURNING id, key, expires_at_ms, attempts, failures`,

  /** Parameters: topic. */
  selectNextDue: `SELECT due_at_ms FROM jobs WHERE topic = ? AND set_aside_at_ms IS NULL
    ORDER BY due_at_ms LIMIT 1`,

  /** Parameters: topic, key, token. */
  remove: `DELETE FROM jobs WHERE ${IN_HAND}`,

  /** Parameters: due time, attempts, failures, what it waits for; topic, key, token. */
  release: `UPDATE jobs SET due_at_ms = ?, attempts = ?, failures = ?, waits_for = ?, token = NULL
    WHERE ${IN_HAND}`,

  /** Parameters: topic, what they wait for, now. */
  isAnyWaiting: `SELECT 1 FROM jobs WHERE topic = ? AND waits_for = ? AND due_at_ms > ? LIMIT 1`,

  /** Parameters: due time, topic, what they wait for, now, row limit. */
  hasten: `UPDATE jobs SET due_at_ms = ?, waits_for = NULL WHERE id IN (SELECT id FROM jobs
    WHERE topic = ? AND waits_for = ? AND due_at_ms > ? ORDER BY due_at_ms LIMIT ?)`,

  /** Parameters: now, reason, failures; topic, key, token. */
  setAside: `UPDATE jobs SET set_aside_at_ms = ?, reason = ?, failures = ?, token = NULL
    WHERE ${IN_HAND}`,

  /** Parameters: topic or null for any; time and id to start after; row limit. */
  selectSetAside: `SELECT id, topic, key, attempts, reason, set_aside_at_ms FROM jobs
    WHERE set_aside_at_ms IS NOT NULL AND topic = ifnull(?, topic)
      AND (set_aside_at_ms, id) > (?, ?)
    ORDER BY set_aside_at_ms, id LIMIT ?`,

  /** Parameters: now, topic, key. */
  replay: `UPDATE jobs SET due_at_ms = ?, attempts = 0, failures = 0,
      set_aside_at_ms = NULL, reason = NULL
    WHERE ${SET_ASIDE}`,

  /** Parameters: topic, key. */
  discard: `DELETE FROM jobs WHERE ${SET_ASIDE}`,

  /** Parameters: topic, now. */
  depth: `SELECT count(*) AS depth FROM jobs WHERE topic = ? AND set_aside_at_ms IS NULL
    AND (expires_at_ms IS NULL OR expires_at_ms > ?)`,

  /** Parameters: topic, now, now. */
  selectOldestDue: `SELECT due_at_ms FROM jobs
    WHERE topic = ? AND set_aside_at_ms IS NULL AND due_at_ms <= ?
      AND (expires_at_ms IS NULL OR expires_at_ms > ?)
    ORDER BY due_at_ms LIMIT 1`,

  /** Tests a write with a job of no valid topic. */
  touch: `INSERT INTO jobs (topic, key, due_at_ms) VALUES ('', '', 0)
    ON CONFLICT (topic, key) DO UPDATE SET due_at_ms = 0`,
} as const;
