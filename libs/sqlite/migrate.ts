import type { Database, Statement } from './database.ts';

/** The statements of one step from a layout of a component's tables to the next. */
export type Migration = readonly string[];

const CREATE_LAYOUTS = `CREATE TABLE IF NOT EXISTS layouts (
  component TEXT PRIMARY KEY,
  version INTEGER NOT NULL
) WITHOUT ROWID`;

/**
 * The layouts of a database's tables, by component.
 *
 * @returns none if it has no tables yet
 */
export async function readLayouts(
  database: Pick<Database, 'read'>,
): Promise<ReadonlyMap<string, number>> {
  const sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'layouts'";
  const isThere = (await database.read({ sql })).length > 0;
  const rows = isThere
    ? await database.read({ sql: 'SELECT component, version FROM layouts' })
    : [];
  return new Map(rows.map(({ component, version }) => [String(component), Number(version)]));
}

/**
 * Brings the tables of `component` to the newest layout: runs the steps that the database lacks,
 * all or none.
 *
 * @param migrations - every step, oldest first; never change a released one
 * @throws {Error} if a newer version of this code wrote the database
 */
export async function migrate(
  database: Database,
  component: string,
  migrations: readonly Migration[],
): Promise<void> {
  await database.write([{ sql: CREATE_LAYOUTS }]);
  const [row] = await database.read({
    sql: 'SELECT version FROM layouts WHERE component = ?',
    parameters: [component],
  });
  const version = Number(row?.version ?? 0);
  if (version > migrations.length) {
    throw new Error(
      `the ${component} tables have layout ${version}, of a newer version of this gateway, which knows ${migrations.length}`,
    );
  }
  if (version < migrations.length) {
    const steps = migrations.slice(version).flat();
    await database.write([
      ...steps.map((sql): Statement => ({ sql })),
      noted(component, migrations),
    ]);
  }
}

function noted(component: string, { length }: readonly Migration[]): Statement {
  return {
    sql: `INSERT INTO layouts (component, version) VALUES (?, ?)
      ON CONFLICT (component) DO UPDATE SET version = excluded.version`,
    parameters: [component, length],
  };
}
