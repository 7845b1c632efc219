import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { pageToRead } from '#services/standalone/installation.ts';
import { INSTALLED } from '#services/standalone/installed.ts';
import { linksIn } from '../../scripts/docs/markdown.ts';
import { buildWith, CLONE, scratchFolder, THIS_ARCHITECTURE } from './built-packages.ts';

const run = promisify(execFile);

const MOST_PACKED_OCTETS = 60_000_000;
const MOST_INSTALLED_OCTETS = 200_000_000;

const OTHER_ARCHITECTURE = THIS_ARCHITECTURE === 'amd64' ? 'arm64' : 'amd64';

describe('packages', { concurrency: false }, () => {
  const stack = new AsyncDisposableStack();
  let debs: readonly string[] = [];
  let folder = '';
  let unpacked = '';

  before(async () => {
    folder = stack.use(await scratchFolder()).path;
    debs = await buildWith(join(folder, 'debs'), '--form', 'deb', '--level', '1');
    unpacked = join(folder, 'unpacked');
    await run('dpkg-deb', ['-x', find(THIS_ARCHITECTURE), unpacked]);
  });
  after(() => stack.disposeAsync());

  const find = (architecture: string) => {
    const deb = debs.find((path) => path.endsWith(`_${architecture}.deb`));
    assert.ok(deb, `no package for ${architecture}`);
    return deb;
  };

  for (const architecture of [THIS_ARCHITECTURE, OTHER_ARCHITECTURE]) {
    it(`are small enough (${architecture})`, async (t) => {
      const deb = find(architecture);
      const { size } = await stat(deb);
      const { stdout } = await run('dpkg-deb', ['--field', deb, 'Installed-Size']);
      const installed = Number(stdout) * 1_024;
      t.diagnostic(`${size} octets packed, ${installed} installed`);
      assert.ok(size < MOST_PACKED_OCTETS, `${size} octets packed`);
      assert.ok(installed < MOST_INSTALLED_OCTETS, `${installed} octets installed`);
    });

    it(`contain Node for their architecture, and no other native code (${architecture})`, async () => {
      const root = join(folder, `node-${architecture}`);
      await run('dpkg-deb', ['-x', find(architecture), root]);
      const native: string[] = [];
      for (const path of await filesIn(root)) {
        const head = await headOf(join(root, path));
        if (head.readUInt32BE(0) === 0x7f454c46) {
          native.push(`${path} ${head.readUInt16LE(18)}`);
        }
      }
      // The machines of ELF.
      const machine = architecture === 'amd64' ? 62 : 183;
      assert.deepEqual(native, [`usr/lib/awala-gateway/node ${machine}`]);
    });
  }

  it('hold bundled JavaScript alone: no types, tests, nor packages for developers', async () => {
    const files = await filesIn(join(unpacked, 'usr/lib/awala-gateway'));
    assert.deepEqual(
      files.filter((path) => /\.ts$|\.test\.|\.map$/.test(path)),
      [],
    );
    const ours = /^(?:libs\/bundle|services\/\w+|node_modules\/pino-pretty)\//;
    const others = files.filter((path) => !ours.test(path));
    assert.deepEqual(others.sort(), ['node', 'package.json', 'release.env']);
    const copyright = await readFile(join(unpacked, 'usr/share/doc/awala-gateway/copyright'));
    const text = copyright.toString();
    const manifest = JSON.parse(await readFile(join(CLONE, 'package.json'), 'utf8'));
    for (const name of ['@relaycorp/relaynet-core', 'typescript', 'fast-check']) {
      assert.ok(!text.includes(`${name} ${manifest.devDependencies[name]}`), name);
    }
    for (const [name, version] of Object.entries(manifest.dependencies)) {
      assert.ok(text.includes(`${name} ${version}`), `${name} has no licence in the package`);
    }
    assert.match(text, /\nNode\.js 26\.\d+\.\d+\n/);
  });

  it('hold the pages for operators that the program names, and all that these link to', async () => {
    const pages = join(unpacked, INSTALLED.pages);
    const there = (await filesIn(pages)).filter((path) => path.endsWith('.md'));
    for (const page of ['one-machine.md', 'backups.md', 'operations/one-machine.md']) {
      assert.ok(there.includes(page), page);
    }
    for (const page of there) {
      for (const link of linksIn(await readFile(join(pages, page), 'utf8'))) {
        const [file = ''] = link.split('#');
        await assert.doesNotReject(stat(join(pages, dirname(page), file)), `${page}: ${link}`);
      }
    }
  });

  it('name who answers for them: the project’s authors, where its last commit came from', async () => {
    const { author } = JSON.parse(await readFile(join(CLONE, 'package.json'), 'utf8'));
    const { stdout: address } = await run('git', ['-C', CLONE, 'log', '-1', '--format=%ae']);
    const { stdout } = await run('dpkg-deb', ['--field', find(THIS_ARCHITECTURE), 'Maintainer']);
    assert.equal(stdout, `${author} <${address.trim()}>\n`);
    assert.match(
      await readFile(join(CLONE, 'LICENSE'), 'utf8'),
      new RegExp(`Copyright \\d+ ${author}`),
    );
  });

  it('are the same whoever builds them, and when', async () => {
    const options = ['--architecture', THIS_ARCHITECTURE, '--form', 'deb', '--level', '0'];
    const [one = ''] = await buildWith(join(folder, 'one'), ...options);
    const line = `umask 077; exec npm run --silent package -- --output "$0" "$@"`;
    const env = { ...process.env, TZ: 'Asia/Kolkata', LC_ALL: 'C' };
    await run('sh', ['-c', line, join(folder, 'other'), ...options], { cwd: CLONE, env });
    const other = await readFile(join(folder, 'other', basename(one)));
    assert.ok(other.equals(await readFile(one)));
  });

  it('run from a tar ball anywhere, without being installed', async () => {
    const options = ['--architecture', THIS_ARCHITECTURE, '--form', 'tar', '--level', '0'];
    const [ball = ''] = await buildWith(join(folder, 'ball'), ...options);
    await run('tar', ['-xf', ball, '-C', folder]);
    const [name = ''] = (await readdir(folder)).filter((each) => each.startsWith('awala-gateway-'));
    const { stdout } = await run(join(folder, name, 'bin/awala-gateway'), ['--version'], {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin' },
    });
    assert.match(stdout, /^awala-gateway \d+\.\d+\.\d+ \([0-9a-f]{40}, Node v26/);
    const page = pageToRead('backups.md', join(folder, name, 'lib/awala-gateway/libs/bundle/a.js'));
    assert.equal(page, join(folder, name, 'share/doc/awala-gateway/backups.md'));
  });

  it('have a manual page that names every command and variable', async () => {
    const page = join(unpacked, 'usr/share/man/man8/awala-gateway.8.gz');
    const { stdout } = await run('zcat', [page]);
    const text = stdout.replaceAll('\\-', '-');
    for (const name of ['ping', 'doctor', 'INTERNET_ADDRESS', 'DATA_DIR', '--no-cargo']) {
      assert.ok(text.includes(name), name);
    }
    // A line that starts with a control character of roff is one of its requests.
    const requests = new Set(stdout.match(/^['.]\S*/gm));
    assert.deepEqual(
      [...requests].sort(),
      ['.B', '.EE', '.EX', '.I', '.PP', '.RI', '.SH', '.SS', '.TH', '.TP', '.br'].sort(),
    );
  });

  it('complete commands and their options in Bash', async () => {
    const script = join(unpacked, 'usr/share/bash-completion/completions/awala-gateway');
    const complete = async (...words: string[]) => {
      const line = `. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _awala_gateway; echo "\${COMPREPLY[*]}"`;
      return (await run('bash', ['-c', line, script, ...words])).stdout.trim();
    };
    assert.equal(await complete('awala-gateway', 'do'), 'doctor');
    assert.equal(await complete('awala-gateway', 'ping', '--no-c'), '--no-cargo');
    assert.equal(await complete('awala-gateway', 'help', 'ser'), 'serve');
  });
});

async function filesIn(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

async function headOf(path: string): Promise<Buffer> {
  const content = await readFile(path);
  return Buffer.concat([content.subarray(0, 20), Buffer.alloc(20)]);
}
