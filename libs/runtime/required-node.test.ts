import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';

const CLONE = join(import.meta.dirname, '../..');
const SENTENCE =
  /^The gateway needs Node (\d+) or newer, and this is (\d+)\.\d+\.\d+\. `npm ci` .*\n$/;

/** Makes the process believe that its Node is older. */
const OLDER = `data:text/javascript,
  Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '25.9.0' } });`;

function startWith(node: string, options: readonly string[], main: string) {
  return spawnSync(node, [...options, main], { cwd: CLONE, env: {}, encoding: 'utf8' });
}

/** The first Node on the path that is older than the pinned one. */
function olderNode(): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .find((node) => {
      const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
      return stdout && Number.parseInt(stdout.slice(1), 10) < 26;
    });
}

describe('the required version of Node', () => {
  for (const main of globSync('services/*/main.js', { cwd: CLONE })) {
    it(`is said in a sentence by ${main}`, () => {
      const { status, stdout, stderr } = startWith(process.execPath, ['--import', OLDER], main);
      assert.equal(status, 1);
      assert.equal(stdout, '');
      assert.match(stderr, SENTENCE);
    });
  }

  it('is the pinned one', () => {
    const { stderr } = startWith(
      process.execPath,
      ['--import', OLDER],
      'services/standalone/main.js',
    );
    const { devDependencies } = JSON.parse(readFileSync(join(CLONE, 'package.json'), 'utf8'));
    assert.equal(SENTENCE.exec(stderr)?.[1], devDependencies.node.split('.')[0]);
  });

  const older = olderNode();
  const skip = older === undefined && 'there is no older Node on the path';
  it('is said by a Node that is really older', { skip }, () => {
    const { status, stderr } = startWith(older ?? '', [], 'services/standalone/main.js');
    assert.equal(status, 1);
    assert.match(stderr, SENTENCE);
  });
});
