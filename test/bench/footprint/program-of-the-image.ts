import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeBundle } from '../../../scripts/package/bundle.ts';

/** The program as the image has it: all code in one bundle, and Node keeps nothing that it compiled. */
export interface ImageProgram extends AsyncDisposable {
  readonly folder: string;
  /** What the image sets besides. */
  readonly environment: Readonly<Record<string, string>>;
}

export async function makeImageProgram(): Promise<ImageProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'awala-footprint-'));
  await writeBundle(folder);
  return {
    folder,
    environment: { NODE_ENV: 'production', NODE_DISABLE_COMPILE_CACHE: '1' },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
