import assert from 'node:assert/strict';
import { link, mkdir, mkdtempDisposable, readdir, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { openWorkFolder } from './work-folder.ts';

const ROUNDS = 300;
const NAME = 'in-progress';

describe('The work folder of a backup', () => {
  it('is gone after a signal, whatever is being written to it meanwhile', async () => {
    await using data = await mkdtempDisposable(join(tmpdir(), 'work-folder-'));
    const body = join(data.path, 'body');
    await writeFile(body, 'body');
    using _ = hearing('SIGTERM');
    for (let round = 0; round < ROUNDS; round++) {
      await using folder = await openWorkFolder(data.path, NAME);
      const writing = fill(folder.path, body);
      for (let turns = 0; turns < round % 12; turns++) {
        await setImmediate();
      }
      process.emit('SIGTERM', 'SIGTERM');
      await writing;
      assert.ok(!(await readdir(data.path)).includes(NAME), `in round ${round}`);
    }
  });
});

/** Keeps a signal from ending this process. */
function hearing(signal: NodeJS.Signals): Disposable {
  const heard = () => {};
  process.on(signal, heard);
  return { [Symbol.dispose]: () => void process.off(signal, heard) };
}

/** Writes for as long as the folder is there, and removes some of it, as SQLite does with a journal. */
async function fill(folder: string, body: string): Promise<void> {
  try {
    const inner = join(folder, 'objects');
    await mkdir(inner);
    for (let name = 0; name < 20; name++) {
      await link(body, join(inner, String(name)));
      await link(body, join(folder, 'journal'));
      await unlink(join(folder, 'journal'));
    }
  } catch {
    // The folder is gone.
  }
}
