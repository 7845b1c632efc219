import { chmod, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { COMMANDS, type CommandEntry } from '#services/standalone/commands/commands.ts';
import { INSTALLED } from '#services/standalone/installed.ts';
import { writeBundle } from './bundle.ts';
import { bashCompletion, zshCompletion } from './completion.ts';
import { copyrightFile } from './licences.ts';
import { manual } from './manual.ts';
import type { NodeProgram } from './node-program.ts';
import { operatorsPages } from './pages.ts';

const FILES = new URL('files/', import.meta.url);
const CHANGELOG = new URL('../../CHANGELOG.md', import.meta.url);
const UNIT = /\.(?:service|socket|timer)$/;

/** Which version a package contains. */
export interface PackageVersion {
  readonly version: string;
  /** The commit; null if unknown. */
  readonly revision: string | null;
  /** Who answers for it: a name, and an address in angle brackets. */
  readonly maintainer: string;
  /** Of the commit: of all files in the package too. */
  readonly date: Date;
}

/**
 * Lays out what packages contain, below a prefix such as `usr`: the program, its Node, units,
 * manual, completions and licences.
 */
export async function layOut(
  prefix: string,
  node: NodeProgram,
  { version, revision, date }: PackageVersion,
): Promise<void> {
  const lib = join(prefix, 'lib/awala-gateway');
  const { packages } = await writeBundle(lib);
  await cp(node.path, join(lib, 'node'));
  const day = date.toISOString().slice(0, 10);
  const release = { NODE_ENV: 'production', ...(revision !== null && { REVISION: revision }) };
  const doc = relative('/usr', INSTALLED.pages);
  const written: Record<string, string | Buffer> = {
    'bin/awala-gateway': await wrapper(),
    'lib/awala-gateway/release.env': Object.entries(release)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
    'share/awala-gateway/gateway.env': await staticFile('gateway.env'),
    'share/bash-completion/completions/awala-gateway': await bashCompletion(),
    'share/zsh/vendor-completions/_awala-gateway': await zshCompletion(),
    'share/man/man8/awala-gateway.8.gz': gzipSync(await manual(version, day), { level: 9 }),
    [`${doc}/copyright`]: await copyrightFile(packages, node),
    [`${doc}/changelog.gz`]: gzipSync(await readFile(CHANGELOG), { level: 9 }),
  };
  for (const unit of (await readdir(FILES)).filter((name) => UNIT.test(name))) {
    written[`lib/systemd/system/${unit}`] = await staticFile(unit);
  }
  for (const [path, page] of await operatorsPages()) {
    written[`${doc}/${path}`] = page;
  }
  for (const [path, content] of Object.entries(written)) {
    const file = join(prefix, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  await chmod(join(prefix, 'bin/awala-gateway'), 0o755);
}

/** What the files of the folder `files` call by name. */
const PATHS = {
  SETTINGS: INSTALLED.settings,
  SETTINGS_FOLDER: dirname(INSTALLED.settings),
  DATA: INSTALLED.data,
  CACHE: INSTALLED.cache,
};

/**
 * A file of the folder `files`, with each `@NAME@` in it replaced.
 *
 * @param values - for names besides those of {@link PATHS}
 * @throws if it has a name without a value
 */
export async function staticFile(
  name: string,
  values: Readonly<Record<string, string>> = {},
): Promise<string> {
  const text = await readFile(new URL(name, FILES), 'utf8');
  const known: Readonly<Record<string, string>> = { ...PATHS, ...values };
  return text.replaceAll(/@([A-Z_]+)@/g, (found, key) => {
    const value = known[key];
    if (value === undefined) {
      throw new Error(`${name} has ${found}, which has no value`);
    }
    return value;
  });
}

/**
 * The program that users type.
 *
 * @param values - of other machines than those of the package
 */
export function wrapper(values: Readonly<Record<string, string>> = {}): Promise<string> {
  const names = (of: (command: CommandEntry) => boolean) =>
    COMMANDS.filter(of)
      .map(({ name }) => name)
      .join(' ');
  return staticFile('awala-gateway', {
    READING: names(({ runBy }) => runBy !== 'anybody'),
    AS_ROOT: names(({ runBy }) => runBy === 'root'),
    ...values,
  });
}
