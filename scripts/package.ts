/**
 * Builds the packages of the gateway from this clone: Debian packages and tar balls, each with the
 * Node that it runs on, then their checksums.
 *
 *   npm run package -- [--architecture amd64|arm64] [--form deb|tar] [--output <folder>]
 *                      [--version <version>] [--level <1 to 9>]
 *                      [--maintainer '<name> <address in angle brackets>']
 *
 * By default, all of them in `dist`, as small as can be, maintained by the `author` in package.json at
 * the address of who made the commit. The same commit gives the same octets.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import process from 'node:process';
import { parseArgs, promisify } from 'node:util';
import { ARCHITECTURES } from './package/architectures.ts';
import { buildPackages, FORMS } from './package/build.ts';
import { maintainerOf } from './package/maintainer.ts';
import type { PackageVersion } from './package/tree.ts';

const run = promisify(execFile);

const ROOT = join(import.meta.dirname, '..');

const { values } = parseArgs({
  options: {
    architecture: { type: 'string', multiple: true, default: [...ARCHITECTURES] },
    form: { type: 'string', multiple: true, default: [...FORMS] },
    output: { type: 'string', default: join(ROOT, 'dist') },
    version: { type: 'string' },
    maintainer: { type: 'string' },
    level: { type: 'string', default: '6' },
  },
});

const version = await packageVersion(values);
const files: string[] = [];
for (const architecture of chosen(ARCHITECTURES, values.architecture)) {
  const forms = chosen(FORMS, values.form);
  const { output, level } = values;
  files.push(
    ...(await buildPackages({ architecture, forms, version, output, level: Number(level) })),
  );
}
let sums = '';
for (const file of files) {
  const sum = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  sums += `${sum}  ${basename(file)}\n`;
  process.stdout.write(`${file}  ${((await stat(file)).size / 1_000_000).toFixed(1)} MB\n`);
}
await writeFile(join(values.output, 'SHA256SUMS'), sums);

function chosen<Name extends string>(names: readonly Name[], words: readonly string[]): Name[] {
  const unknown = words.find((word) => !names.some((name) => name === word));
  if (unknown !== undefined) {
    throw new Error(`“${unknown}” is none of ${names.join(', ')}`);
  }
  return names.filter((name) => words.includes(name));
}

/** The commit gives the date, so that building it again gives the same. */
async function packageVersion(given: {
  readonly version?: string;
  readonly maintainer?: string;
}): Promise<PackageVersion> {
  const manifest: { readonly version: string; readonly author: string } = JSON.parse(
    await readFile(join(ROOT, 'package.json'), 'utf8'),
  );
  const log = await run('git', ['log', '-1', '--format=%H %ct %ae'], { cwd: ROOT }).catch(
    () => null,
  );
  const [revision, committed, commitAddress = null] = log?.stdout.trim().split(' ') ?? [];
  return {
    version: given.version ?? manifest.version,
    revision: revision ?? null,
    maintainer: maintainerOf({ given: given.maintainer, author: manifest.author, commitAddress }),
    date: new Date(Number(committed ?? 0) * 1_000),
  };
}
