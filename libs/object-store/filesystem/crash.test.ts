import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { BACKING_DEADLINE_MS } from '#backing/calls.ts';
import { openDatabase } from '#sqlite/open-database.ts';
import type { ObjectStore } from '../port.ts';
import { openFilesystemObjectStore } from './open-store.ts';

const ROUNDS = 4;
/** The child is killed after a number of lines that differs from round to round. */
const LINES_BEFORE_KILL = [7, 64, 251, 118];

describe('the object store of a process that is killed', () => {
  it('holds everything that was answered, nothing half-written, and leaves no file behind', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-crash-'));
    const expected = new Map<string, Possible>();
    for (let round = 0; round < ROUNDS; round++) {
      const lines = await writeUntilKilled(folder.path, round);
      follow(lines, expected);
      await using database = await openDatabase(join(folder.path, 'gateway.db'), {
        deadlineMs: BACKING_DEADLINE_MS,
      });
      const objects = join(folder.path, 'objects');
      await using store = await openFilesystemObjectStore({
        database,
        folder: objects,
        deadlineMs: BACKING_DEADLINE_MS,
      });
      await assertHolds(store, expected);
      await store.sweep(new Date());
      const rows = await database.read({ sql: 'SELECT generation FROM objects WHERE in_file = 1' });
      const referenced = rows.map(({ generation }) => String(generation)).sort();
      assert.deepEqual((await readdir(objects)).sort(), referenced);
      await assertHolds(store, expected);
    }
  });
});

/** What may be stored under a key: the last thing that was answered, or any that was begun since. */
type Possible = Set<string>;
const ABSENT = 'absent';

async function writeUntilKilled(folder: string, round: number): Promise<string[]> {
  const program = new URL('./fixtures/write-objects.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, folder, String(round * 100_000)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let text = '';
  let killed = false;
  for await (const chunk of child.stdout) {
    text += chunk;
    if (!killed && text.split('\n').length > (LINES_BEFORE_KILL[round] ?? 0)) {
      killed = child.kill('SIGKILL');
    }
  }
  await exited;
  return text.split('\n').slice(0, -1);
}

/** Each key is written by one caller, which waits for each answer. */
function follow(lines: readonly string[], expected: Map<string, Possible>): void {
  for (const line of lines) {
    const done = line.startsWith('done ');
    const [method, key = '', seed, size] = line.replace(/^done /, '').split(' ');
    const outcome = method === 'delete' ? ABSENT : `${Number(seed) & 0xff} ${size}`;
    if (done) {
      expected.set(key, new Set([outcome]));
    } else {
      const possible = expected.get(key) ?? new Set([ABSENT]);
      expected.set(key, possible.add(outcome));
    }
  }
}

async function assertHolds(store: ObjectStore, expected: Map<string, Possible>): Promise<void> {
  const listed = new Map<string, number>();
  for await (const { key, sizeOctets } of store.list('')) {
    listed.set(key, sizeOctets);
  }
  for (const [key, possible] of expected) {
    const body = (await store.get(key))?.body;
    assert.equal(listed.get(key), body?.length, key);
    const found = body ? foundIn(body, possible) : ABSENT;
    assert.ok(possible.has(found), `${key} is ${found}, and not one of ${[...possible]}`);
  }
  assert.deepEqual(
    [...listed.keys()].filter((key) => !expected.has(key)),
    [],
  );
}

function foundIn(body: Uint8Array, possible: Possible): string {
  const [fill] = body;
  if (fill === undefined) {
    return [...possible].find((outcome) => outcome.endsWith(' 0')) ?? 'empty';
  }
  return body.every((octet) => octet === fill) ? `${fill} ${body.length}` : 'a mix';
}
