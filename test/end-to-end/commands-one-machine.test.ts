import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runCommand } from './support/run-command.ts';

describe('the command line beside a gateway on one machine', () => {
  it('creates an identity, renews it on demand, and lists no jobs', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'awala-commands-'));
    try {
      const environment = { DATA_DIR: folder };
      const created = await runCommand('keygen', environment);
      assert.match(created.text, /^node +0[0-9a-f]{64}$/m);
      assert.match((await runCommand('rotate', environment)).text, /0 older still trusted/);
      assert.match(
        (await runCommand('rotate', environment, ['--now'])).text,
        /issued now\n +1 older/,
      );
      assert.deepEqual(await runCommand('jobs', environment, ['list']), { code: 0, text: '' });
      assert.equal(
        (await runCommand('jobs', environment, ['replay', 'incoming-cargo'])).text,
        '0 jobs will be tried again',
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
