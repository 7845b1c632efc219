import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

const PROGRAM_CACHE = join(import.meta.dirname, '../../node_modules/.cache/node');

/**
 * Makes Node cache the compiled program, types stripped, for later starts, unless
 * `NODE_COMPILE_CACHE` names another folder. Call it before loading the rest. If the folder is not
 * writable, everything is compiled again.
 *
 * @param {Record<string, string | undefined>} environment - of this process, which its threads read
 * too
 */
export function keepProgramCompiled(environment) {
  environment.NODE_COMPILE_CACHE ||= PROGRAM_CACHE;
  enableCompileCache(environment.NODE_COMPILE_CACHE);
}
