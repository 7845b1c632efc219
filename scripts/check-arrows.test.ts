import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { checkTree } from '#test/runtime/checked-tree.ts';

const SCRIPT = join(import.meta.dirname, 'check-arrows.ts');

const MANIFEST = JSON.stringify({
  imports: Object.fromEntries(
    ['awala', 'gateway', 'object-store', 'signals', 'sqlite', 'backing', 'clock', 'runtime']
      .map((name) => [`#${name}/*`, `./libs/${name}/*`])
      .concat([
        ['#services/*', './services/*'],
        ['#test/*', './test/*'],
      ]),
  ),
  dependencies: { pino: '1.0.0' },
});

function check(files: Readonly<Record<string, string>>, options = { git: false }) {
  return checkTree(SCRIPT, { 'package.json': MANIFEST, ...files }, options);
}

function assertRefused(files: Readonly<Record<string, string>>, ...expected: RegExp[]): void {
  const { code, lines } = check(files);
  assert.equal(lines.length, expected.length, lines.join('\n'));
  for (const [index, pattern] of expected.entries()) {
    assert.match(lines[index] ?? '', pattern);
  }
  assert.equal(code, 1);
}

describe('check-arrows', () => {
  it('accepts a tree whose arrows all point down', () => {
    const { code, lines } = check({
      'services/poweb/main.js': `import process from 'node:process';\nstart(process.env);`,
      'services/poweb/compose.ts': `import { a } from '#object-store/filesystem/store.ts';
import { run } from '#runtime/run.ts';
import pino from 'pino';`,
      'services/standalone/compose.ts': `import { compose } from '#services/poweb/compose.ts';`,
      'libs/gateway/mailbox.ts': `import type { ObjectStore } from '#object-store/port.ts';
import { parse } from '#awala/parcel.ts';
import { now } from '#clock/clock.ts';
import { BackingFullError } from '#backing/errors.ts';`,
      'libs/object-store/filesystem/store.ts': `import type { ObjectStore } from '../port.ts';
import { open } from '#sqlite/database.ts';
import { names } from './names.ts';`,
      'libs/object-store/contract.ts': `import { crash } from '#test/crash.ts';`,
      'libs/object-store/filesystem/store.test.ts': `import { describeStore } from '../contract.ts';
import { parcels } from '#test/parcels.ts';
import { verify } from '#awala/verify.ts';`,
      'libs/awala/parcel.ts': `import { createHash } from 'node:crypto';
/** Never calls Date.now() nor reads process.env. */
export const at = new Date(0); // not new Date()`,
      'libs/runtime/run.ts': `import { type Clock } from '#clock/clock.ts';
import type { Signals } from '#signals/port.ts';`,
      'test/parcels.ts': `import { compose } from '#services/standalone/compose.ts';`,
    });
    assert.deepEqual(lines, []);
    assert.equal(code, 0);
  });

  it('refuses a service that imports another service, unless it is standalone', () => {
    assertRefused(
      { 'services/poweb/a.ts': `\nimport { b } from '#services/collection/b.ts';` },
      /^services\/poweb\/a\.ts:2: imports services\/collection\/b\.ts: the service poweb may import only /,
    );
  });

  it('refuses a library that imports a service', () => {
    assertRefused(
      { 'libs/runtime/a.ts': `import { b } from '../../services/poweb/b.ts';` },
      /^libs\/runtime\/a\.ts:1: imports services\/poweb\/b\.ts/,
    );
  });

  it('refuses a gateway that knows an adapter', () => {
    assertRefused(
      {
        'libs/gateway/a.ts': `import {
  b,
} from '#object-store/filesystem/b.ts';`,
      },
      /^libs\/gateway\/a\.ts:1: imports libs\/object-store\/filesystem\/b\.ts: libs\/gateway may import only /,
    );
  });

  it('refuses an adapter that knows another adapter, another port or the gateway', () => {
    assertRefused(
      {
        'libs/object-store/gcs/a.ts': `import { b } from '../filesystem/b.ts';
export { c } from '#signals/port.ts';
const d = await import('#gateway/d.ts');`,
      },
      /a\.ts:1: imports libs\/object-store\/filesystem\/b\.ts: an adapter/,
      /a\.ts:2: imports libs\/signals\/port\.ts/,
      /a\.ts:3: imports libs\/gateway\/d\.ts/,
    );
  });

  it('lets libs/runtime take nothing but types from a port', () => {
    assertRefused(
      { 'libs/runtime/a.ts': `import { b } from '#signals/port.ts';` },
      /a\.ts:1: imports libs\/signals\/port\.ts: libs\/runtime may only `import type`/,
    );
  });

  it('refuses shipped code that imports tests or contract suites', () => {
    assertRefused(
      {
        'libs/signals/a.ts': `import '#test/b.ts';\nimport { c } from './contract.ts';`,
        'services/poweb/a.ts': `import { b } from '#test/b.ts';`,
      },
      /^libs\/signals\/a\.ts:1: imports test\/b\.ts: what is shipped never depends on tests/,
      /^libs\/signals\/a\.ts:2: imports libs\/signals\/contract\.ts: what is shipped/,
      /^services\/poweb\/a\.ts:1: imports test\/b\.ts/,
    );
  });

  it('refuses shipped code that imports a package not among the dependencies', () => {
    assertRefused(
      { 'libs/runtime/a.ts': `import { b } from '@scope/absent/deep.js';` },
      /a\.ts:1: imports the package @scope\/absent, which is not in package\.json's dependencies/,
    );
  });

  it('refuses the environment anywhere but in a main.js', () => {
    assertRefused(
      {
        'libs/runtime/a.ts': 'f(process.env);',
        'libs/runtime/b.ts': `import { env } from 'node:process';`,
        'libs/runtime/c.ts': 'const { env } = process;',
        'libs/runtime/d.ts': `import host from 'node:process';\nf(host.env);`,
        'libs/runtime/e.ts': `const folders = 'libs/*';\nf(process.env);\n/** Done. */`,
      },
      /^libs\/runtime\/a\.ts:1: reads the environment/,
      /^libs\/runtime\/b\.ts:1: reads the environment/,
      /^libs\/runtime\/c\.ts:1: reads the environment/,
      /^libs\/runtime\/d\.ts:1: reads the environment/,
      /^libs\/runtime\/e\.ts:2: reads the environment/,
    );
  });

  it('refuses input, output, time and chance in the protocol library', () => {
    assertRefused(
      {
        'libs/awala/a.ts': `import { readFile } from 'node:fs/promises';
import { b } from '#clock/clock.ts';
f(Date.now());
f(new Date());
f(new Date);
f(Math.random());
f(process.pid);`,
      },
      /:1: imports node:fs\/promises: the protocol library does no input or output/,
      /:2: imports libs\/clock\/clock\.ts/,
      /:3: uses Date\.now: /,
      /:4: uses new Date\(\) without an argument/,
      /:5: uses new Date\(\) without an argument/,
      /:6: uses Math\.random/,
      /:7: uses process: /,
    );
  });

  it('refuses a folder that has no arrows yet', () => {
    assertRefused(
      { 'libs/novelty/a.ts': '' },
      /^libs\/novelty\/a\.ts:1: no arrows are known for this folder/,
    );
  });

  it('refuses a mention of a folder that clones do not have, in any file but an ignored one', () => {
    const mention = ['See ..', 'shared/design.md'].join('/');
    const files = { 'docs/a.md': `\n${mention}`, 'notes/b.md': mention, '.gitignore': 'notes/' };
    const { code, lines } = check(files, { git: true });
    assert.equal(code, 1);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /^docs\/a\.md:2: mentions /);
  });
});
