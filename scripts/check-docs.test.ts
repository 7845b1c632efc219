import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { complaintsOf } from '#test/runtime/checked-tree.ts';

const SCRIPT = join(import.meta.dirname, 'check-docs.ts');

const KEYS = `\`parcels/gateway-bound/<private gateway>/<hash>\`
\`parcels/internet-bound/<Internet address>/<sender>/<hash>\` \`cargo/<private gateway>/<hash>\``;

const MAP = `\`\`\`
services/   processes
  poweb/    HTTP
libs/
  awala/    the protocol
    cargo/ der/
  clock/ log/
\`\`\``;

const TREE = {
  'package.json': JSON.stringify({
    imports: Object.fromEntries(
      ['awala', 'clock', 'log'].map((name) => [`#${name}/*`, `./libs/${name}/*`]),
    ),
  }),
  'README.md': '[architecture](docs/architecture.md)',
  'services/poweb/main.js': '',
  'libs/awala/cargo/pca.ts': '',
  'libs/awala/der/reader.ts': '',
  'libs/clock/clock.ts': '',
  'libs/log/log.ts': '',
  'libs/log/contract/life.ts': '',
  'docs/architecture.md': `${MAP}\n${KEYS}`,
};

const complaintsAbout = (files: Readonly<Record<string, string>>) => complaintsOf(SCRIPT, files);

describe('check-docs', () => {
  it('accepts documentation that matches the tree', () => {
    const lines = complaintsAbout({
      ...TREE,
      'README.md': `[Keys](docs/architecture.md), \`libs/clock/clock.ts\`, \`libs/*/port.ts\`,
[a heading](docs/limits.md#what-is-read-at-most), [elsewhere](https://example.com/docs)
\`\`\`
[no link](in/a/block.md) \`libs/none.ts\`
\`\`\``,
      'docs/limits.md': '## What is read, at most',
      'CHANGELOG.md': 'Moved `libs/clock/former.ts`',
    });
    assert.deepEqual(lines, []);
  });

  it('refuses a map that is not the tree', () => {
    const lines = complaintsAbout({
      ...TREE,
      'libs/metrics/port.ts': '',
      'docs/architecture.md': `${MAP.replace('poweb/    ', 'pohttp/   ')}\n${KEYS}`,
    });
    assert.deepEqual(lines, [
      'docs/architecture.md: maps services/pohttp, not there',
      'docs/architecture.md: does not map libs/metrics',
      'docs/architecture.md: does not map services/poweb',
    ]);
  });

  it('refuses a map that has a folder above one whose files import from it', () => {
    const lines = complaintsAbout({
      ...TREE,
      'services/poweb/main.js': `import '#clock/clock.ts';`,
      'libs/awala/cargo/pca.ts': `import { read } from '../der/reader.ts';`,
      'libs/awala/der/reader.ts': `import type { Clock } from '#clock/clock.ts'; import('#awala/limits.ts');`,
      'libs/awala/limits.ts': `export { rest } from './cargo/pca.ts';`,
      'libs/clock/clock.ts': `import type { Log } from '#log/log.ts';`,
      'libs/clock/clock.test.ts': `import { pca } from '../awala/cargo/pca.ts';`,
      'libs/log/log.ts': `import type { Pca } from '../awala/cargo/pca.ts';`,
    });
    assert.deepEqual(lines, [
      'docs/architecture.md: maps libs/awala/cargo/pca.ts above libs/log/log.ts, which imports it',
    ]);
  });

  it('refuses architecture without a map, and reads one whose block names a language', () => {
    const missing = complaintsAbout({ ...TREE, 'docs/architecture.md': KEYS });
    assert.equal(
      missing[0],
      'docs/architecture.md: has no map of the folders as its first fenced block',
    );
    const named = `${MAP.replace('```', '```text')}\n${KEYS}`;
    const lines = complaintsAbout({
      ...TREE,
      'docs/architecture.md': named,
      'libs/metrics/a.ts': '',
    });
    assert.deepEqual(lines, ['docs/architecture.md: does not map libs/metrics']);
  });

  it('refuses links that lead nowhere, however they are written', () => {
    const lines = complaintsAbout({
      ...TREE,
      'README.md': `[architecture](docs/architecture.md) [titled](gone.md "gone") ![it](<gone.svg>)
<a href="gone.html">gone</a> [defined]

[defined]: gone/page.md`,
    });
    assert.deepEqual(
      lines,
      ['gone.md', 'gone.svg', 'gone.html', 'gone/page.md'].map(
        (link) => `README.md: links to ${link}, which does not exist`,
      ),
    );
  });

  it('refuses a page that no links lead to', () => {
    const lines = complaintsAbout({
      ...TREE,
      'docs/architecture.md': `${MAP}\n${KEYS}\n[why](decisions/README.md#reasons)`,
      'docs/decisions/README.md': '# Reasons\n[first](first.md)',
      'docs/decisions/first.md': '',
      'docs/decisions/second.md': '[first](first.md)',
    });
    assert.deepEqual(lines, ['docs/decisions/second.md: no links lead here from README.md']);
  });

  it('refuses a key that no object has, and architecture that lacks one', () => {
    const lines = complaintsAbout({
      ...TREE,
      'docs/architecture.md': `${MAP}\n${KEYS.replace('cargo/<private gateway>', 'cargo/<sender>')}`,
    });
    assert.equal(lines.length, 2, lines.join('\n'));
    assert.match(lines[0] ?? '', /no object has a key cargo\/<sender>\/<hash>/);
    assert.match(lines[1] ?? '', /lacks the key cargo\/<private gateway>\/<hash>/);
  });

  it('refuses paths and links that lead nowhere', () => {
    const lines = complaintsAbout({
      ...TREE,
      'README.md': '[architecture](docs/architecture.md) [limits](docs/limits.md)',
      'docs/limits.md':
        '`libs/clock/former.ts` [gone](former.md) [no heading](architecture.md#trust)',
    });
    assert.deepEqual(lines, [
      'docs/limits.md: there is no libs/clock/former.ts',
      'docs/limits.md: links to former.md, which does not exist',
      'docs/limits.md: links to architecture.md#trust, but there is no such heading',
    ]);
  });
});
