import assert from 'node:assert/strict';
import { link, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { openWorkFolder } from './work-folder.ts';

const ROUNDS = 300;
const NAME = 'in-progress';

describe('The work folder of a backup', () => {
  let data: string;
  before(async () => {
    data = await mkdtemp(join(tmpdir(), 'work-folder-'));
    await writeFile(join(data, 'body'), 'body');
  });
  after(() => rm(data, { recursive: true }));

  it('is gone after a signal, whatever is being written to it meanwhile', async () => {
    // Otherwise the signal would end this process.
    const heard = () => {};
    process.on('SIGTERM', heard);
    for (let round = 0; round < ROUNDS; round++) {
      const folder = await openWorkFolder(data, NAME);
      const writing = fill(folder.path);
      for (let turns = 0; turns < round % 12; turns++) {
        await setImmediate();
      }
      process.emit('SIGTERM', 'SIGTERM');
      await writing;
      assert.deepEqual((await readdir(data)).includes(NAME), false, `in round ${round}`);
      await folder[Symbol.asyncDispose]();
    }
    process.off('SIGTERM', heard);
  });

  async function fill(path: string): Promise<void> {
    try {
      const inner = join(path, 'objects');
      await mkdir(inner);
      for (let name = 0; name < 20; name++) {
        await link(join(data, 'body'), join(inner, String(name)));
      }
    } catch {
      // The folder is gone.
    }
  }
});
