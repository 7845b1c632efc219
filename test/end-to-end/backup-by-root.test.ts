import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { until } from '#test/runtime/until.ts';
import { RawServer } from './internet-delivery/raw-server.ts';
import { forgedBackup } from './support/forged-backup.ts';
import { dataFolder } from './support/gateway-process.ts';
import { runCommand } from './support/run-command.ts';

const MAIN = fileURLToPath(new URL('../../services/standalone/main.js', import.meta.url));
const run = promisify(execFile);
const USER = 65_534;
const MIB = 1_024 * 1_024;
/** For a command, on a busy machine. */
const COMMAND_TIMEOUT_MS = 200_000;

const skip = process.getuid?.() !== 0 && 'only root can give files away, and act as another user';

describe('root’s backup and restore of a gateway that another user runs', { skip }, () => {
  let place: Awaited<ReturnType<typeof dataFolder>>;
  let key: { readonly path: string; readonly recipient: string };
  let backup: string;
  /** The gateway's, whose user does what they want in it. */
  let data: string;
  /** Only root may look into it, or write there. */
  let precious: string;
  let made = 0;

  before(async () => {
    place = await dataFolder();
    // The gateway’s user must get to the data.
    await chmod(place.path, 0o755);
    const identity = await generateX25519Identity();
    key = { path: join(place.path, 'key.txt'), recipient: await identityToRecipient(identity) };
    await writeFile(key.path, `${identity}\n`, { mode: 0o600 });
    const original = join(place.path, 'original');
    await runCommand('keygen', { DATA_DIR: original });
    backup = join(place.path, 'one.tar.age');
    const { code, text } = await runCommand('backup', { DATA_DIR: original }, sealedTo(backup));
    assert.equal(code, 0, text);
  });
  after(() => place[Symbol.asyncDispose]());

  beforeEach(async () => {
    data = await folderOfUser();
    precious = join(place.path, `precious-${made}`);
    await mkdir(precious, { mode: 0o700 });
    await writeFile(join(precious, 'secret'), 'secret', { mode: 0o600 });
    await awala('restore', openedFrom(backup));
  });

  const sealedTo = (to: string) => ['--recipient', key.recipient, to];
  const openedFrom = (from: string) => ['--identity-file', key.path, from];

  async function folderOfUser(): Promise<string> {
    const path = join(place.path, `of-user-${++made}`);
    await mkdir(path, { mode: 0o700 });
    await chown(path, USER, USER);
    return path;
  }

  /** Runs a command in a process of its own, which may become another user's. */
  async function awala(
    command: string,
    args: readonly string[],
    variables: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly code: number; readonly text: string }> {
    const env = { PATH: process.env.PATH, DATA_DIR: data, ...variables };
    try {
      const options = { env, timeout: COMMAND_TIMEOUT_MS };
      const { stdout } = await run(process.execPath, [MAIN, command, ...args], options);
      return { code: 0, text: stdout };
    } catch (error) {
      const { code, stderr } = error as { readonly code: number; readonly stderr: string };
      return { code, text: stderr };
    }
  }

  async function leavesPreciousAlone(): Promise<void> {
    assert.deepEqual(await readdir(precious), ['secret']);
    assert.equal((await lstat(join(precious, 'secret'))).uid, 0);
  }

  async function isAllOfUser(folder: string): Promise<void> {
    for (const name of await readdir(folder, { recursive: true })) {
      assert.equal((await lstat(join(folder, name))).uid, USER, name);
    }
  }

  it('works in the data folder as its owner, and outside as root', async () => {
    await isAllOfUser(data);
    const to = join(precious, 'two.tar.age');
    const { code, text } = await awala('backup', sealedTo(to));
    assert.equal(code, 0, text);
    await isAllOfUser(data);
    const { uid, mode } = await stat(to);
    assert.deepEqual([uid, mode & 0o777], [0, 0o600]);
    assert.ok((await readdir(data)).includes('last-backup.json'));
  });

  it('writes nowhere else when a folder becomes a link between two steps', async () => {
    const pipe = join(place.path, `pipe-${made}`);
    await run('mkfifo', [pipe]);
    const sealed = await forgedBackup(key.recipient, {}, [
      ['keys/first', Buffer.alloc(MIB)],
      ['keys/second', Buffer.alloc(MIB)],
    ]);
    const restoring = awala('restore', [...openedFrom(pipe), '--replace-newer']);
    const early = restoring.then(({ text }) => assert.fail(`it ended without reading: ${text}`));
    await using feed = await Promise.race([open(pipe, 'w'), early]);
    await Promise.race([feed.write(sealed.subarray(0, sealed.length / 2)), early]);
    const work = join(data, 'restore-in-progress');
    await Promise.race([until(() => isThere(join(work, 'keys/first'))), early]);
    await rename(join(work, 'keys'), join(data, 'elsewhere'));
    await symlink(precious, join(work, 'keys'));
    await feed.write(sealed.subarray(sealed.length / 2)).catch(() => {});
    await feed.close();
    assert.notEqual((await restoring).code, 0);
    await leavesPreciousAlone();
  });

  it('reads nothing that only root may read', async () => {
    await rename(join(data, 'keys'), join(data, 'elsewhere'));
    await symlink(precious, join(data, 'keys'));
    const to = join(place.path, `led-${made}.tar.age`);
    const { code, text } = await awala('backup', sealedTo(to));
    assert.equal(code, 1);
    assert.match(text, /permission denied/);
    assert.ok(!(await isThere(to)));
  });

  it('writes backups into the folder of another user as that user', async () => {
    const folder = await folderOfUser();
    for (const to of [`${folder}/`, join(folder, 'made/below/')]) {
      const { code, text } = await awala('backup', sealedTo(to));
      assert.equal(code, 0, text);
    }
    await isAllOfUser(folder);
    const restoring = await awala('restore', [...openedFrom(`${folder}/`), '--replace-newer']);
    assert.equal(restoring.code, 0, restoring.text);
    await symlink(precious, join(folder, 'led'));
    const led = await awala('backup', sealedTo(join(folder, 'led/')));
    assert.equal(led.code, 1);
    assert.match(led.text, /belongs to user 0, and a folder on the way there to user 65534/);
    await leavesPreciousAlone();
  });

  it('restores no link and no pipe from the folder of another user', async () => {
    const folder = await folderOfUser();
    const link = join(folder, 'gateway.localhost-2026-01-01T00-00-00Z.tar.age');
    await symlink(backup, link);
    const led = await awala('restore', openedFrom(`${folder}/`));
    assert.equal(led.code, 1);
    assert.match(led.text, /holds a link/);
    const pipe = join(folder, 'pipe.tar.age');
    await run('mkfifo', [pipe]);
    const stuck = await awala('restore', openedFrom(pipe));
    assert.equal(stuck.code, 1);
    assert.match(stuck.text, /is no ordinary file/);
  });

  it('restores no link and no pipe of another user’s from a folder for all', async () => {
    const folder = join(place.path, `for-all-${made}`);
    await mkdir(folder);
    for (const mode of [0o1777, 0o775]) {
      await chmod(folder, mode);
      const link = join(folder, `link-${mode}.tar.age`);
      await symlink(backup, link);
      const led = await awala('restore', openedFrom(link));
      assert.equal(led.code, 1);
      assert.match(led.text, /holds a link/);
      const pipe = join(folder, `pipe-${mode}.tar.age`);
      await run('mkfifo', [pipe]);
      const stuck = await awala('restore', openedFrom(pipe));
      assert.equal(stuck.code, 1);
      assert.match(stuck.text, /is no ordinary file/);
    }
  });

  it('goes through no folder that several users may change', async () => {
    const folder = join(place.path, `shared-${made}`);
    await mkdir(folder);
    await chmod(folder, 0o775);
    const { code, text } = await awala('backup', sealedTo(join(folder, 'backups/')));
    assert.equal(code, 1);
    assert.match(text, /others than root may change the folder .*shared-\d+, .*: chmod go-w /);
    assert.equal((await awala('backup', sealedTo(`${folder}/`))).code, 0);
    const shared = await awala('restore', openedFrom(backup), { DATA_DIR: folder });
    assert.match(shared.text, /others than root may change the folder .*shared-\d+, /);
  });

  it('tells a failure in the words of who works in the data folder', async () => {
    const newer = await awala('restore', openedFrom(backup));
    assert.equal(newer.code, 1);
    assert.match(newer.text, /is newer .* add --replace-newer/);
    const cut = join(place.path, 'cut.tar.age');
    await writeFile(cut, (await readFile(backup)).subarray(0, -5_000));
    const refused = await awala('restore', [...openedFrom(cut), '--replace-newer']);
    assert.equal(refused.code, 1);
    assert.match(refused.text, /is incomplete, or was altered/);
    assert.ok(!(await isThere(join(data, 'restore-in-progress'))));
  });

  it('leaves no copy behind when somebody ends it', async () => {
    await using silent = await RawServer.start();
    using child = spawn(process.execPath, [MAIN, 'backup', ...sealedTo('s3://bucket/folder')], {
      env: {
        PATH: process.env.PATH,
        DATA_DIR: data,
        BACKUP_S3_ENDPOINT: `http://127.0.0.1:${silent.port}`,
        AWS_ACCESS_KEY_ID: 'id',
        AWS_SECRET_ACCESS_KEY: 'secret',
      },
      stdio: 'ignore',
    });
    await until(() => isThere(join(data, 'backup-in-progress')));
    child.kill('SIGTERM');
    const [, by] = await once(child, 'exit');
    assert.equal(by, 'SIGTERM');
    assert.ok(!(await isThere(join(data, 'backup-in-progress'))));
  });
});

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
