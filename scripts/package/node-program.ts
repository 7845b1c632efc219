import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Architecture, NPM_NAMES } from './architectures.ts';

const run = promisify(execFile);

const LOCK_FILE = new URL('node/package-lock.json', import.meta.url);

interface LockFile {
  readonly packages: Readonly<
    Record<string, { readonly version: string; readonly integrity?: string }>
  >;
}

/** Node for one architecture, unpacked. */
export interface NodeProgram extends AsyncDisposable {
  readonly version: string;
  /** The program. */
  readonly path: string;
  /** Its licence and those of what it contains. */
  readonly licence: string;
}

/**
 * Gets the Node that the lock file names from npm's registry.
 *
 * @throws if its octets are not those that the lock file knows
 */
export async function obtainNode(architecture: Architecture): Promise<NodeProgram> {
  const name = `node-linux-${NPM_NAMES[architecture]}`;
  const lock: LockFile = JSON.parse(await readFile(LOCK_FILE, 'utf8'));
  const locked = lock.packages[`node_modules/${name}`];
  if (!locked?.integrity) {
    throw new Error(`the lock file of Node has no integrity for ${name}`);
  }
  const folder = await mkdtemp(join(tmpdir(), 'awala-node-'));
  const remove = () => rm(folder, { recursive: true });
  try {
    await run('npm', ['pack', `${name}@${locked.version}`, '--pack-destination', folder]);
    const [file = ''] = await readdir(folder);
    const octets = await readFile(join(folder, file));
    const integrity = `sha512-${createHash('sha512').update(octets).digest('base64')}`;
    if (integrity !== locked.integrity) {
      throw new Error(`${name} ${locked.version} is not what the lock file knows: ${integrity}`);
    }
    const parts = ['package/bin/node', 'package/LICENSE'];
    await run('tar', ['-xzf', join(folder, file), '-C', folder, ...parts]);
    return {
      version: locked.version,
      path: join(folder, 'package/bin/node'),
      licence: await readFile(join(folder, 'package/LICENSE'), 'utf8'),
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
