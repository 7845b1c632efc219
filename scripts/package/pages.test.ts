import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { anchorsOf, linksIn } from '../docs/markdown.ts';
import { operatorsPages, relinked } from './pages.ts';

describe('a page where not all pages are', () => {
  const places = new Map([
    ['docs/sub/page.md', 'sub/page.md'],
    ['docs/other.md', 'other.md'],
    ['deploy/README.md', 'deploy/README.md'],
    ['charts/board.json', 'deploy/board.json'],
  ]);
  const of = (page: string, path = 'docs/sub/page.md') => relinked(page, path, places);

  it('links to those that are there, wherever they are there', () => {
    assert.equal(
      of('[a](../other.md#b), [c](../../deploy/README.md)'),
      '[a](../other.md#b), [c](../deploy/README.md)',
    );
    assert.equal(of('[d](../charts/board.json)', 'deploy/README.md'), '[d](board.json)');
  });

  it('keeps the text alone of a link to another', () => {
    assert.equal(of('as [we\nchose](../decisions/it.md#why) it'), 'as we\nchose it');
  });

  it('keeps links within itself and to elsewhere', () => {
    const page = '[a](#b) [c](https://example.org/d.md)';
    assert.equal(of(page), page);
  });
});

describe('the pages of the package', () => {
  it('link to nothing that is not there', async () => {
    const pages = await operatorsPages();
    let links = 0;
    for (const [path, text] of pages) {
      for (const link of path.endsWith('.md') ? linksIn(text) : []) {
        const [file = '', anchor] = link.split('#', 2);
        const target = pages.get(file === '' ? path : join(dirname(path), file));
        assert.ok(target !== undefined, `${path} links to ${link}`);
        assert.ok(
          anchor === undefined || anchorsOf(target).has(anchor),
          `${path} links to ${link}`,
        );
        links++;
      }
    }
    assert.ok(links > 20);
  });
});
