import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DATABASE_FILE, dataFolder } from '#composition/data-folder.ts';
import { readConfiguration } from '#runtime/configuration/configuration.ts';
import { INSTALLED } from '../installed.ts';
import { type Command, noArguments } from './command.ts';

/** What `adopt` reads. */
export const ADOPT_VARIABLES = { folder: dataFolder };

const DEADLINE_MS = 20_000;

/** `awala-gateway adopt`: takes over a copy of a data folder. */
export const adoptCommand: Command = {
  usage: `Usage: awala-gateway adopt

Takes over the data folder DATA_DIR (./data; in the package,
${INSTALLED.data}) although it is a copy that was made while its gateway
was running or dead, or although the database’s log is gone. Checks the whole
database first, and refuses one that is damaged. Parcels that the copy lacks stay
lost: prefer a backup, or a copy of a gateway that was stopped. No gateway may be
running on the folder.`,
  async run(context) {
    noArguments(context);
    const { folder } = readConfiguration(context.environment, ADOPT_VARIABLES);
    const path = join(folder, DATABASE_FILE);
    if (!existsSync(path)) {
      context.print(`There is no ${path}: set DATA_DIR to the copied folder.`);
      return 1;
    }
    const { openDatabase } = await import('#sqlite/open-database.ts');
    await using database = await openDatabase(path, { adopts: true, deadlineMs: DEADLINE_MS });
    const [row] = await database.read({ sql: COUNT });
    context.print(
      `The database is sound, and its gateway may start. It holds ${row?.held} objects.`,
    );
    return 0;
  },
};

const COUNT = 'SELECT count(*) AS held FROM objects';
