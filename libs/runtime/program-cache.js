import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

const PROGRAM_CACHE = join(import.meta.dirname, '../../node_modules/.cache/node');

/**
 * Has Node keep the program as it was last compiled, types stripped, from the second start on, unless
 * `NODE_COMPILE_CACHE` names another folder. Call it before the rest is loaded. A folder that cannot be written to is no
 * fault: all is compiled again.
 *
 * @param {Record<string, string | undefined>} environment - of this process: its threads look into it, too
 */
export function keepProgramCompiled(environment) {
  environment.NODE_COMPILE_CACHE ||= PROGRAM_CACHE;
  enableCompileCache(environment.NODE_COMPILE_CACHE);
}
