import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { RECORD_KINDS } from './record-kinds.ts';

it('every kind of record that the gateway keeps is known to who provisions its expiry', async () => {
  const kinds: string[] = [];
  for await (const path of glob('**/*.ts', { cwd: import.meta.dirname })) {
    if (path.endsWith('.test.ts')) {
      continue;
    }
    const source = await readFile(`${import.meta.dirname}/${path}`, 'utf8');
    kinds.push(
      ...source.matchAll(/\brecordKind<[^(]*>\('([a-z-]+)'\)/g).map(([, name]) => `${name}`),
    );
  }
  assert.deepEqual(kinds.sort(), [...RECORD_KINDS].sort());
});
