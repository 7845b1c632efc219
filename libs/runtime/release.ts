import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { text } from './configuration/variables.ts';

/** Set by whoever builds or deploys the image. */
export const releaseVariables = {
  revision: text('REVISION', {
    meaning: 'the commit of the running code',
    default: null,
  }),
  imageDigest: text('IMAGE_DIGEST', {
    meaning: 'the digest of the running image',
    default: null,
  }),
} as const;

/** Identifies what runs, so that it can be matched to a commit. */
export interface Release {
  readonly version: string;
  readonly revision: string | null;
  readonly imageDigest: string | null;
  /** Node's version. */
  readonly node: string;
}

/** The release that this process runs. */
export function releaseOf(configured: {
  readonly revision: string | null;
  readonly imageDigest: string | null;
}): Release {
  const path = join(import.meta.dirname, '../../package.json');
  const manifest: { readonly version: string } = JSON.parse(readFileSync(path, 'utf8'));
  return { version: manifest.version, ...configured, node: process.version };
}
