import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Turns } from './turns.ts';

function turnsOf(...paths: string[]) {
  const turns = new Turns<{ readonly who: readonly string[]; readonly path: string }>();
  const items = paths.map((path) => ({ who: path.split('/').slice(0, -1), path }));
  for (const item of items) {
    turns.add(item);
  }
  return { turns, items };
}

function allOf({ turns }: ReturnType<typeof turnsOf>): readonly string[] {
  const paths: string[] = [];
  for (let { next } = turns; next; { next } = turns) {
    paths.push(next.path);
    turns.served(next);
  }
  assert.equal(turns.size, 0);
  return paths;
}

describe('Turns', () => {
  it('serves those without names in order of arrival', () => {
    assert.deepEqual(allOf(turnsOf('1', '2', '3')), ['1', '2', '3']);
  });

  it('serves one of each name in turn, however many one has', () => {
    const turns = turnsOf('a/x/1', 'a/x/2', 'a/x/3', 'b/y/1', 'a/z/1', 'b/y/2');
    assert.deepEqual(allOf(turns), ['a/x/1', 'b/y/1', 'a/z/1', 'b/y/2', 'a/x/2', 'a/x/3']);
  });

  it('forgets those that wait no longer', () => {
    const { turns, items } = turnsOf('a/1', 'a/2', 'b/1');
    const [first, second] = items;
    assert.ok(first && second);
    turns.delete(first);
    turns.delete(first);
    assert.equal(turns.size, 2);
    assert.deepEqual(allOf({ turns, items }), ['a/2', 'b/1']);
  });
});
