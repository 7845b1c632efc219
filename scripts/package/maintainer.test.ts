import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { maintainerOf } from './maintainer.ts';

const AUTHOR = 'The authors';

describe('the maintainer of a package', () => {
  it('is the project’s author, reached at the address of who made the commit', () => {
    const known = { given: undefined, author: AUTHOR, commitAddress: 'ada@example.org' };
    assert.equal(maintainerOf(known), 'The authors <ada@example.org>');
  });

  it('is reached at the author’s own address where the manifest has one', () => {
    const author = 'The authors <authors@example.org>';
    const known = { given: undefined, author, commitAddress: 'ada@example.org' };
    assert.equal(maintainerOf(known), author);
  });

  it('is whom the command line names', () => {
    const given = 'Grace Hopper <grace@example.org>';
    assert.equal(maintainerOf({ given, author: AUTHOR, commitAddress: 'ada@example.org' }), given);
  });

  it('has an address', () => {
    const whatToDo = /is no maintainer: give --maintainer, as in/;
    assert.throws(
      () => maintainerOf({ given: undefined, author: AUTHOR, commitAddress: null }),
      /^Error: git names no commit here, and “The authors <>” is no maintainer: give /,
    );
    for (const given of [
      'Grace',
      'grace@example.org',
      'Grace <grace>',
      'A <a@b.org>\nDepends: c',
    ]) {
      assert.throws(() => maintainerOf({ given, author: AUTHOR, commitAddress: null }), whatToDo);
    }
  });
});
