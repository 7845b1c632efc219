import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { handling, pageToRead, SYSTEMD } from './installation.ts';
import { INSTALLED } from './installed.ts';

describe('what to type to start a gateway', () => {
  const bundle = '/usr/lib/awala-gateway/libs/bundle/chunk.js';
  const startWhere = (...there: readonly string[]) =>
    handling(bundle, (path) => there.includes(path)).start;

  it('depends on how it came to the machine', () => {
    assert.equal(handling().start, 'npm start');
    assert.equal(startWhere(INSTALLED.unit, SYSTEMD), 'sudo systemctl start awala-gateway');
    assert.equal(startWhere(INSTALLED.unit), 'sudo awala-gateway serve');
    assert.equal(startWhere(SYSTEMD), 'awala-gateway serve');
  });
});

describe('a page for operators', () => {
  const pageOf = (folder: string, isThere = true) =>
    pageToRead('backups.md', join(folder, 'lib/awala-gateway/libs/bundle/chunk.js'), () => isThere);

  it('is where the program came with it', () => {
    assert.equal(pageOf('/usr'), join(INSTALLED.pages, 'backups.md'));
    const unpacked = '/root/awala-gateway-0.1.0';
    assert.equal(pageOf(unpacked), `${unpacked}/share/doc/awala-gateway/backups.md`);
    assert.ok(existsSync(pageToRead('backups.md')), 'in this clone');
  });

  it('is in the source where the program came without it, as in an image', () => {
    assert.equal(pageOf('/app', false), 'docs/backups.md in the gateway’s source');
  });
});
