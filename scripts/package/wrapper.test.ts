import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { wrapper } from './tree.ts';

/** Says with what it was started, in the place of Node. */
const ECHO = '#!/bin/sh\nprintf "%s\\n" "$*"\n';
/** Whom the settings are not for. */
const USER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
/** Root may enter a temporary folder that is closed to others. */
const isClosed = spawnSync('test', ['-x', tmpdir()], USER).status !== 0;
const skip = isClosed && `other users cannot enter ${tmpdir()}`;

describe('the package’s program, typed by a user who may not read the settings', { skip }, () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'awala-wrapper-'));
    const settings = join(folder, 'gateway.env');
    const files = {
      'gateway.env': { text: 'INTERNET_ADDRESS=gateway.example.org\n', mode: 0o000 },
      'bin/awala-gateway': { text: await wrapper({ SETTINGS: settings }), mode: 0o755 },
      'lib/awala-gateway/node': { text: ECHO, mode: 0o755 },
    };
    for (const name of ['.', 'bin', 'lib', 'lib/awala-gateway']) {
      await mkdir(join(folder, name), { recursive: true });
      await chmod(join(folder, name), 0o755);
    }
    for (const [name, { text, mode }] of Object.entries(files)) {
      await writeFile(join(folder, name), text);
      await chmod(join(folder, name), mode);
    }
  });
  after(() => rm(folder, { recursive: true }));

  function typed(...args: readonly string[]) {
    const options = { ...USER, encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } } as const;
    const { status, stdout, stderr } = spawnSync(join(folder, 'bin/awala-gateway'), args, options);
    return { status, stdout, stderr };
  }

  it('starts nothing without a word, and says what comes next', () => {
    const { status, stdout } = typed();
    assert.equal(status, 0);
    assert.match(
      stdout,
      /main\.js help\n\nNext: sudo awala-gateway setup gateway\.example\.org\n$/,
    );
    assert.deepEqual(typed(''), typed());
  });

  for (const line of [
    '--help',
    'help status',
    'status --help',
    'setup gateway.example.org -h',
    'version',
    '-v',
    '--halp',
    'stauts',
    '*',
    'ping gateway.example.org',
  ]) {
    it(`tells anybody of what needs no settings (${line})`, () => {
      const { status, stdout, stderr } = typed(...line.split(' '));
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
      assert.ok(stdout.endsWith(`main.js ${line}\n`), stdout);
    });
  }

  for (const line of ['serve', 'status', 'setup gateway.example.org', 'backup /mnt/help']) {
    it(`asks for sudo where it takes the settings (${line})`, () => {
      const { status, stdout, stderr } = typed(...line.split(' '));
      assert.deepEqual({ status, stdout }, { status: 77, stdout: '' });
      assert.ok(stderr.endsWith(`gateway.env: sudo awala-gateway ${line}\n`), stderr);
    });
  }
});
