import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { handling, SYSTEMD } from './installation.ts';
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
