import { randomBytes } from 'node:crypto';
import { askForServer, BROKER_VARIABLE } from './ask-broker.ts';
import { ask } from './broker.ts';
import type { Found } from './programs.ts';
import { ServerPool } from './server-pool.ts';
import { ADDRESS_VARIABLES, BackingMissingError, type BackingName } from './servers.ts';

/** Servers of a process that no broker serves; they end with it. */
const ownPool = new ServerPool();

interface BackingServer {
  /** `host:port`; empty where the server is missing. */
  readonly address: string;
  /** The `skip` option of a suite: false, or what to install. */
  readonly missing: false | string;
}

/**
 * Gets the server that a suite runs on. The first request starts it; all tests of the run share it:
 *
 * ```ts
 * const redis = await backing('redis');
 * describe('Redis signals', { skip: redis.missing }, () => { … });
 * ```
 *
 * Each suite uses a bucket, project, prefix or key ring of its own ({@link uniqueName}).
 *
 * @throws {BackingMissingError} in CI, which skips nothing, if the server is missing
 */
export async function backing(name: BackingName): Promise<BackingServer> {
  const address = process.env[ADDRESS_VARIABLES[name]];
  if (address) {
    return { address, missing: false };
  }
  const broker = process.env[BROKER_VARIABLE];
  const answer = broker ? await askForServer(broker, name) : await ask(ownPool, name);
  if ('address' in answer) {
    return { address: answer.address, missing: false };
  }
  return { address: '', missing: unlessInCi(answer.missing) };
}

/**
 * The `skip` option of a suite that starts a program itself.
 *
 * @throws {BackingMissingError} in CI, which skips nothing, if the program is missing
 */
export function missingProgram(found: Found): false | string {
  return 'path' in found ? false : unlessInCi(found.missing);
}

/** @throws {BackingMissingError} in CI */
function unlessInCi(missing: string): string {
  if (process.env.CI) {
    throw new BackingMissingError(missing);
  }
  return missing;
}

/** A name that no other test uses: `[a-z0-9-]`, starting with `prefix`. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}
