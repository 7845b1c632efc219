import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../../..');

/** The program as the image has it: types are stripped, and Node keeps nothing that it compiled. */
export interface ImageProgram extends AsyncDisposable {
  readonly folder: string;
  /** What the image sets besides. */
  readonly environment: Readonly<Record<string, string>>;
}

export async function makeImageProgram(): Promise<ImageProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'awala-footprint-'));
  for (const part of ['libs', 'services', 'package.json']) {
    await cp(join(ROOT, part), join(folder, part), { recursive: true, verbatimSymlinks: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const script = join(ROOT, 'scripts/strip-types.ts');
  await promisify(execFile)(process.execPath, [script, 'libs', 'services'], { cwd: folder });
  return {
    folder,
    environment: { NODE_ENV: 'production', NODE_DISABLE_COMPILE_CACHE: '1' },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
