import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { mkdir, mkdtempDisposable, open, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { assertOrdinary, OddFileError, openOrdinary, readOrdinary } from './ordinary-files.ts';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDONLY, O_RDWR, O_WRONLY } = constants;
const APPEND = O_APPEND | O_CREAT | O_WRONLY;

describe('Opening an ordinary file', () => {
  it('refuses all else at once, to read and to write', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-odd-'));
    const pipe = join(folder.path, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    const socket = join(folder.path, 'socket');
    await using server = createServer().listen(socket);
    await once(server, 'listening');
    const directory = join(folder.path, 'folder');
    await mkdir(directory);
    const link = join(folder.path, 'link');
    await symlink(pipe, link);
    for (const [path, kind] of [
      [pipe, 'a pipe'],
      [link, 'a pipe'],
      [socket, 'a socket'],
      [directory, 'a folder'],
      ['/dev/zero', 'a device'],
    ] as const) {
      const refusal = {
        name: 'OddFileError',
        message: `${path} is ${kind}, where a file belongs: move it away`,
      };
      await assert.rejects(openOrdinary(path, APPEND, 0o600), refusal);
      await assert.rejects(openOrdinary(path, O_RDONLY), refusal);
      await assert.rejects(readOrdinary(path, 1), refusal);
      assert.throws(() => assertOrdinary(path), refusal);
    }
    await using _ = await open(pipe, O_RDWR);
    await assert.rejects(openOrdinary(pipe, APPEND), OddFileError, 'although somebody reads it');
  });

  it('opens, makes and reads files, also through links', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-odd-'));
    const [file, link] = [join(folder.path, 'file'), join(folder.path, 'link')];
    assertOrdinary(file);
    await (await openOrdinary(file, APPEND, 0o600)).close();
    await writeFile(file, 'text');
    await symlink(file, link);
    assertOrdinary(link);
    await using opened = await openOrdinary(link, O_RDONLY);
    assert.equal(await opened.readFile('utf8'), 'text');
  });

  it('reads so many octets of a file and no more', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-odd-'));
    const [file, link] = [join(folder.path, 'file'), join(folder.path, 'link')];
    await writeFile(file, '');
    await symlink(file, link);
    for (const content of ['', 'text', 'x'.repeat(200_000)]) {
      await writeFile(file, content);
      assert.equal(String(await readOrdinary(file, content.length)), content);
      assert.equal(String(await readOrdinary(link, 200_001)), content);
    }
    assert.equal(await readOrdinary(file, 199_999), null);
    await assert.rejects(readOrdinary(link, 200_000, O_NOFOLLOW), { code: 'ELOOP' });
    await assert.rejects(readOrdinary(join(folder.path, 'none'), 1), { code: 'ENOENT' });
  });
});
