import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';

const USER = 65_534;
const skip = process.getuid?.() !== 0 && 'only root can become another user';

describe('A process of root’s that became another user', { skip }, () => {
  it('opens no debugger to that user', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-become-'));
    await chown(folder.path, USER, USER);
    const become = new URL('./become.ts', import.meta.url).href;
    const program = `
      import { becomeOwner } from ${JSON.stringify(become)};
      becomeOwner(${JSON.stringify(folder.path)}, { uid: ${USER}, gid: ${USER} });
      process.stdin.pipe(process.stdout);`;
    const args = ['--inspect-port=0', '--input-type=module', '--eval', program];
    const child = spawn(process.execPath, args, { stdio: 'pipe' });
    const complaints = text(child.stderr);
    child.stdin.write('became');
    await once(child.stdout, 'data');
    const kill = spawn('kill', ['-USR1', String(child.pid)], { uid: USER, gid: USER });
    assert.deepEqual(await once(kill, 'exit'), [0, null]);
    child.stdin.end('works');
    await Promise.all([once(child.stdout, 'data'), once(child, 'exit')]);
    assert.equal(child.exitCode, 0);
    assert.doesNotMatch(await complaints, /debugger/i);
  });
});
