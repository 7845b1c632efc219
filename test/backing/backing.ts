import { randomBytes } from 'node:crypto';
import { askForServer, BROKER_VARIABLE } from './ask-broker.ts';
import { ask } from './broker.ts';
import type { Found } from './programs.ts';
import { ServerPool } from './server-pool.ts';
import { ADDRESS_VARIABLES, BackingMissingError, type BackingName } from './servers.ts';

/** Servers of this process's own, where no broker shares them: they end with the process. */
const ownPool = new ServerPool();

interface BackingServer {
  /** `host:port`; empty where the server is missing. */
  readonly address: string;
  /** False, or in words what to install: the `skip` option of a suite. */
  readonly missing: false | string;
}

/**
 * Gives the server that a suite runs over, started when first asked for and shared by the run:
 *
 * ```ts
 * const redis = await backing('redis');
 * describe('Redis signals', { skip: redis.missing }, () => { … });
 * ```
 *
 * A suite keeps to a bucket, project, prefix or key ring of its own ({@link uniqueName}).
 *
 * @throws {BackingMissingError} in CI, if the server cannot be had: nothing is skipped there
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
 * What a suite that starts a program itself gives as its `skip` option.
 *
 * @throws {BackingMissingError} in CI, if the program cannot be had: nothing is skipped there
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
