import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const { TEST_PROGRAMS, XDG_CACHE_HOME } = process.env;

/**
 * Where programs that the tests built are kept, each in a folder named after its version: for all
 * clones of this user, and for the next run.
 */
export const PROGRAM_CACHE: string =
  TEST_PROGRAMS || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'awala-gateway-tools');
