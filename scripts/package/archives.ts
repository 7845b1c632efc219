import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, glob, lstat, lutimes, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Architecture } from './architectures.ts';
import { DATA_LAYOUT } from './data-layout.ts';
import { type PackageVersion, staticFile } from './tree.ts';

const run = promisify(execFile);

const SCRIPTS = ['preinst', 'postinst', 'prerm', 'postrm'];

/** What to make an archive of, and where. */
interface Archive {
  /** Holds `usr`, as laid out. */
  readonly root: string;
  readonly architecture: Architecture;
  readonly version: PackageVersion;
  /** The file to write. */
  readonly file: string;
  /** Of xz, from 1 (fast) to 9 (small); 0 for no compression. */
  readonly level: number;
}

/** Writes a Debian package; the same content gives the same octets. */
export async function writeDebianPackage(archive: Archive): Promise<void> {
  const { root, version, file, level } = archive;
  const control = join(root, 'DEBIAN');
  await mkdir(control);
  await writeDebianDocuments(root, version);
  await unify(join(root, 'usr'), version.date);
  const { octets, sums } = await measure(root);
  await writeFile(join(control, 'control'), controlFile(archive, octets));
  await writeFile(join(control, 'md5sums'), sums);
  const values = {
    VERSION: version.version,
    DATA_LAYOUT: `${DATA_LAYOUT}`,
    NEXT: 'setup gateway.example.org',
  };
  for (const name of SCRIPTS) {
    await writeFile(join(control, name), await staticFile(name, values), { mode: 0o755 });
  }
  await unify(control, version.date);
  await chmod(root, 0o755);
  await lutimes(root, version.date, version.date);
  const compression = level === 0 ? ['-Znone'] : ['-Zxz', `-z${level}`];
  const epoch = `SOURCE_DATE_EPOCH=${secondsOf(version)}`;
  const build = ['dpkg-deb', '--build', '--root-owner-group', ...compression, root, file];
  await run('env', [epoch, ...build]);
}

/** Writes a tar ball with one folder, for any place such as `/usr/local`. */
export async function writeTarBall({ root, version, file, level }: Archive): Promise<void> {
  await unify(join(root, 'usr'), version.date);
  const options = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];
  await run(
    'tar',
    [
      ...options,
      `--mtime=@${secondsOf(version)}`,
      `--transform=s,^usr,awala-gateway-${version.version},`,
      `--use-compress-program=xz -T0 -${level}`,
      '-cf',
      file,
      '-C',
      root,
      'usr',
    ],
    { maxBuffer: 16 * 1_024 * 1_024 },
  );
}

async function writeDebianDocuments(root: string, { version, maintainer, date }: PackageVersion) {
  const when = date.toUTCString().replace('GMT', '+0000');
  const changes = `awala-gateway (${version}) unstable; urgency=medium

  * See changelog.gz.

 -- ${maintainer}  ${when}
`;
  const doc = join(root, 'usr/share/doc/awala-gateway');
  await writeFile(join(doc, 'changelog.Debian.gz'), gzipSync(changes, { level: 9 }));
  const overrides = join(root, 'usr/share/lintian/overrides');
  await mkdir(overrides, { recursive: true });
  await writeFile(join(overrides, 'awala-gateway'), await staticFile('lintian-overrides'));
}

function controlFile({ architecture, version }: Archive, installedOctets: number): string {
  return `Package: awala-gateway
Version: ${version.version}
Architecture: ${architecture}
Maintainer: ${version.maintainer}
Section: net
Priority: optional
Installed-Size: ${Math.ceil(installedOctets / 1_024)}
Depends: adduser, libatomic1, libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 12)
Description: Awala Internet gateway in one process
 It takes parcels from phones, couriers and Internet apps, and keeps each until
 its recipient has it. With the Node that it runs on, systemd units, a manual
 page and completions. It starts once it is set up.
`;
}

/** Gives all files the same date and modes that do not depend on who builds. */
async function unify(folder: string, date: Date): Promise<void> {
  const paths = await Array.fromAsync(glob('**', { cwd: folder }));
  for (const path of [...paths.map((name) => join(folder, name)), folder].reverse()) {
    const entry = await lstat(path);
    if (!entry.isSymbolicLink()) {
      await chmod(path, entry.isDirectory() || (entry.mode & 0o100) !== 0 ? 0o755 : 0o644);
    }
    await lutimes(path, date, date);
  }
}

async function measure(root: string): Promise<{ octets: number; sums: string }> {
  let octets = 0;
  let sums = '';
  for (const path of (await Array.fromAsync(glob('usr/**', { cwd: root }))).sort()) {
    const entry = await lstat(join(root, path));
    // As dpkg counts: whole blocks of 1 KiB, and one for each folder.
    octets += entry.isFile() ? Math.ceil(entry.size / 1_024) * 1_024 : 1_024;
    if (entry.isFile()) {
      const content = await readFile(join(root, path));
      sums += `${createHash('md5').update(content).digest('hex')}  ${path}\n`;
    }
  }
  return { octets, sums };
}

function secondsOf({ date }: PackageVersion): string {
  return `${Math.floor(date.getTime() / 1_000)}`;
}
