import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const CLONE = join(import.meta.dirname, '../..');

/** Debian's name for this machine. */
export const THIS_ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** A folder of its own, which disposing of removes. */
export async function scratchFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'awala-packages-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/**
 * Runs `npm run package` with these arguments; resolves with the paths of the packages. Those with
 * level 1 are somewhat larger than what is released, and built in a quarter of the time.
 */
export async function buildWith(output: string, ...args: string[]): Promise<readonly string[]> {
  const line = ['run', '--silent', 'package', '--', '--output', output, ...args];
  await run('npm', line, { cwd: CLONE });
  const names = await readdir(output);
  return names.filter((name) => /\.(?:deb|xz)$/.test(name)).map((name) => join(output, name));
}

/**
 * Repacks a Debian package with another version and layout of the data, as a later one may have.
 */
export async function asVersion(
  deb: string,
  { version, addedLayouts }: { readonly version: string; readonly addedLayouts: number },
): Promise<string> {
  await using folder = await scratchFolder();
  const root = join(folder.path, 'root');
  await run('dpkg-deb', ['-R', deb, root]);
  const edit = async (name: string, change: (text: string) => string) => {
    const path = join(root, 'DEBIAN', name);
    await writeFile(path, change(await readFile(path, 'utf8')));
  };
  await edit('control', (text) => text.replace(/^Version: .*/m, `Version: ${version}`));
  await editManifest(root, version);
  await edit('preinst', (text) =>
    text.replace(/-gt (\d+)/, (_, layout) => `-gt ${Number(layout) + addedLayouts}`),
  );
  await edit('postinst', (text) =>
    text.replace(/echo (\d+) >/, (_, layout) => `echo ${Number(layout) + addedLayouts} >`),
  );
  const path = deb.replace(/_[^_]+_/, `_${version}_`);
  await run('dpkg-deb', ['--build', '--root-owner-group', '-Znone', root, path]);
  return path;
}

/** One of its files differs, as dpkg sees too. */
async function editManifest(root: string, version: string): Promise<void> {
  const name = 'usr/lib/awala-gateway/package.json';
  const path = join(root, name);
  const sums = join(root, 'DEBIAN/md5sums');
  const text = await readFile(path, 'utf8');
  const changed = text.replace(/"version": "[^"]+"/, `"version": "${version}"`);
  await writeFile(path, changed);
  const [before, after] = [text, changed].map((each) =>
    createHash('md5').update(each).digest('hex'),
  );
  const lines = await readFile(sums, 'utf8');
  await writeFile(sums, lines.replace(`${before}  ${name}`, `${after}  ${name}`));
}
