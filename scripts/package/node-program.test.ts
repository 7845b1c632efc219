import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { NPM_NAMES } from './architectures.ts';

const CLONE = join(import.meta.dirname, '../..');

function json(path: string) {
  return JSON.parse(readFileSync(join(CLONE, path), 'utf8'));
}

describe('the Node inside the packages', () => {
  const pinned = json('package.json').devDependencies.node;
  const names = Object.values(NPM_NAMES).map((architecture) => `node-linux-${architecture}`);

  it('is the pinned one', () => {
    const expected = Object.fromEntries(names.sort().map((name) => [name, pinned]));
    assert.deepEqual(json('scripts/package/node/package.json').dependencies, expected);
    const { packages } = json('scripts/package/node/package-lock.json');
    for (const name of names) {
      assert.equal(packages[`node_modules/${name}`].version, pinned, name);
    }
  });

  it('changes together with it', () => {
    const { packageRules } = json('.github/renovate.json');
    const rules = packageRules.filter(
      ({ groupName }: { groupName?: string }) => groupName === 'Node',
    );
    assert.equal(rules.length, 1);
    for (const name of ['node', ...names]) {
      assert.ok(rules[0].matchPackageNames.includes(name), name);
    }
  });
});
