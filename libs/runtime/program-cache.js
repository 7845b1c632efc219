import { join } from 'node:path';

/**
 * Where Node keeps the program as it was last compiled, types stripped, from the second start on
 * (`NODE_COMPILE_CACHE`). A folder that cannot be written to is no fault: all is compiled again.
 */
export const PROGRAM_CACHE = join(import.meta.dirname, '../../node_modules/.cache/node');
