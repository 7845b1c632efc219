import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { draw, pathOf } from './pictures.ts';

const ROOT = new URL('../', import.meta.url);

describe('the picture of the system', () => {
  it('is what its text says now (npx node scripts/pictures.ts draws it)', async () => {
    assert.equal(await readFile(pathOf('system'), 'utf8'), await draw('system'));
  });

  it('has all services, who talks to them, and what they stand on', async () => {
    const picture = await draw('system');
    for (const word of [
      'Phones',
      'Couriers',
      'Internet apps',
      'PoWeb’s host',
      'CogRPC’s host',
      'PoHTTP’s host',
      'collection’s own host',
      'collection’s load balancers',
      '/v1/parcel&#45;collection',
      ...['Collection', 'PoWeb', 'CogRPC', 'PoHTTP', 'Workers'],
      ...['Object store', 'Record store', 'Key vault', 'Redis'],
    ]) {
      assert.ok(picture.includes(word), word);
    }
  });

  for (const page of ['README.md', 'docs/architecture.md']) {
    it(`stands in ${page}`, async () => {
      const text = await readFile(new URL(page, ROOT), 'utf8');
      const [, path = ''] = /!\[[^\]]{40,}\]\((?<path>[^)]*system\.svg)\)/.exec(text) ?? [];
      assert.equal(new URL(path, new URL(page, ROOT)).href, pathOf('system').href);
    });
  }
});
