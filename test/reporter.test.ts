import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';

const REPORTER = join(import.meta.dirname, 'reporter.ts');

/** Runs test files of the given contents in processes of their own, as `npm test` does. */
function runTests(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'reporter-'));
  try {
    for (const [name, source] of Object.entries(files)) {
      const imports = "import { after, before, describe, it } from 'node:test';\n";
      writeFileSync(join(folder, name), imports + source);
    }
    // With this variable the runner takes itself for the child of another one and reports to that.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const run = spawnSync(
      process.execPath,
      ['--test', `--test-reporter=${REPORTER}`, ...Object.keys(files)],
      { cwd: folder, env, encoding: 'utf8' },
    );
    const output = run.stdout;
    return { output, code: run.status, lastLine: output.trimEnd().split('\n').at(-1) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('reporter', () => {
  it('counts tests, and not their suites', () => {
    const run = runTests({
      'one.test.mjs': `describe('suite', () => {
        it('a', () => {});
        describe('inner', () => { it('b', () => {}); it('c', () => {}); });
      });`,
      'two.test.mjs': `it('e', () => {});`,
    });
    assert.equal(run.lastLine, '4 passed, 0 failed, 0 skipped');
    assert.equal(run.code, 0);
  });

  it('counts several runs, one after another, in one line, and fails if one of them did', () => {
    const folder = mkdtempSync(join(tmpdir(), 'reporter-'));
    try {
      const source = [
        `import { run } from 'node:test';`,
        `import report from ${JSON.stringify(REPORTER)};`,
        `async function* both() {`,
        `  yield* run({ globPatterns: ['one.test.mjs'] });`,
        `  yield* run({ globPatterns: ['two.test.mjs'] });`,
        `}`,
        `for await (const text of report(both())) { process.stdout.write(text); }`,
      ];
      writeFileSync(join(folder, 'runs.mjs'), source.join('\n'));
      const test = `import { it } from 'node:test';\n`;
      writeFileSync(join(folder, 'one.test.mjs'), `${test}it('a', () => { throw new Error(); });`);
      writeFileSync(join(folder, 'two.test.mjs'), `${test}it('b', () => {});`);
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const options = { cwd: folder, env, encoding: 'utf8' } as const;
      const { stdout, status } = spawnSync(process.execPath, ['runs.mjs'], options);
      assert.equal(stdout.trimEnd().split('\n').at(-1), '1 passed, 1 failed, 0 skipped');
      assert.equal(status, 1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says again at the end what failed first, be it a test or a hook, and not what failed for that', () => {
    const run = runTests({
      'one.test.mjs': `describe('suite', () => {
        before(() => { throw new Error('no port'); });
        it('a', () => {});
      });
      it('b', () => { throw new Error('boom'); });
      it('c', () => {});`,
    });
    const again = run.output.slice(run.output.indexOf('\nfailed: '));
    assert.match(again, /^failed: one\.test\.mjs › suite\nError: no port\n/m);
    assert.match(again, /^failed: one\.test\.mjs › b\nError: boom\n/m);
    assert.doesNotMatch(again, /› a\n/);
    assert.equal(run.lastLine, '1 passed, 2 failed, 0 skipped');
  });

  it('prints a failure in full: where, what was thrown, and its cause', () => {
    const run = runTests({
      'one.test.mjs': `describe('suite', () => {
        it('fails', () => { throw new TypeError('boom', { cause: new Error('why') }); });
        it('holds', () => {});
      });`,
    });
    assert.equal(run.lastLine, '1 passed, 1 failed, 0 skipped');
    assert.equal(run.code, 1);
    assert.match(run.output, /failing tests:\n\ntest at one\.test\.mjs:3:\d+\n✖ fails /);
    assert.match(run.output, /TypeError.*: boom\n +at .*one\.test\.mjs:3/);
    assert.match(run.output, /\[cause\]: Error: why/);
  });

  it('counts to-do tests as skipped and prints why something was skipped', () => {
    const run = runTests({
      'one.test.mjs': `it('x', (t) => { t.skip('no engine here'); });
        it.todo('y');
        it('z', { todo: 'broken' }, () => { throw new Error('known'); });`,
    });
    assert.equal(run.lastLine, '0 passed, 0 failed, 3 skipped');
    assert.equal(run.code, 0);
    assert.match(run.output, /skipped: one\.test\.mjs › x: no engine here\n/);
    assert.match(run.output, /skipped: one\.test\.mjs › y: to do\n/);
    assert.match(run.output, /skipped: one\.test\.mjs › z: broken\n/);
  });

  it('counts a hook that failed after its tests passed', () => {
    const run = runTests({
      'one.test.mjs': `describe('suite', () => {
        after(() => { throw new Error('left open'); });
        it('a', () => {});
      });`,
    });
    assert.equal(run.lastLine, '1 passed, 1 failed, 0 skipped');
    assert.equal(run.code, 1);
    assert.match(run.output, /Error: left open/);
  });

  it('counts each test that a failed hook kept from running', () => {
    const run = runTests({
      'one.test.mjs': `describe('suite', () => {
        before(() => { throw new Error('no room'); });
        it('a', () => {});
        it('b', () => {});
      });`,
    });
    assert.equal(run.lastLine, '0 passed, 2 failed, 0 skipped');
  });

  it('counts a file that cannot be loaded as failed, with what it printed', () => {
    const run = runTests({ 'one.test.mjs': `import './absent.mjs'; it('a', () => {});` });
    assert.equal(run.lastLine, '0 passed, 1 failed, 0 skipped');
    assert.equal(run.code, 1);
    assert.match(run.output, /ERR_MODULE_NOT_FOUND/);
  });

  for (const [how, source] of Object.entries({
    'in a test, as if all was well': `it('a', () => {}); it('b', () => process.exit(0));`,
    'without running a test': `if (process.pid === 0) { it('a', () => {}); }`,
    'after a test failed': `it('a', () => { throw new Error('x'); });
      it('b', async () => {
        for (let turn = 0; turn < 50; turn++) { await new Promise(setImmediate); }
        process.exit(0);
      });`,
    'with an error code': `it('a', () => {}); after(() => { process.exitCode = 7; });`,
    'by a late exception': `it('a', () => {
      setImmediate(() => { setImmediate(() => { throw new Error('late'); }); });
    });`,
  })) {
    it(`reports a process that ended ${how}`, () => {
      const run = runTests({ 'one.test.mjs': source, 'two.test.mjs': `it('c', () => {});` });
      assert.equal(run.code, 1);
      assert.match(run.output, /^(?:test at |✖ ).*one\.test\.mjs/m);
      assert.match(run.output, /^✔ c \(/m);
      assert.match(run.lastLine ?? '', /^\d passed, [1-9] failed, 0 skipped$/);
    });
  }
});
