import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { extended, isWithdrawn, MAX_WITHDRAWN, nameOf, type Withdrawal } from './withdrawn-list.ts';

const ENDPOINT = `0${'e'.repeat(64)}`;
const EMPTY = new Uint8Array();
const at = (ms: number) => new Date(ms);
const single = (serial: string, expiresAtMs = 100): Withdrawal => ({
  name: nameOf(ENDPOINT, serial),
  upToMs: Number.POSITIVE_INFINITY,
  expiresAtMs,
});

describe('the list of what a private gateway withdrew', () => {
  it('says what any additions in any order say, and drops what has expired', () => {
    const withdrawal = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd').map((serial) => nameOf(ENDPOINT, serial)),
      upToMs: fc.constantFrom(10, 20, Number.POSITIVE_INFINITY),
      expiresAtMs: fc.integer({ min: 1, max: 50 }),
    });
    const groups = fc.array(fc.array(withdrawal, { minLength: 1, maxLength: 3 }), { maxLength: 6 });
    fc.assert(
      fc.property(
        groups,
        fc.array(fc.nat(5)),
        fc.integer({ min: 0, max: 60 }),
        (some, again, ms) => {
          // Some of them come again, later.
          const replayed = again.flatMap((index) => some.slice(index, index + 1));
          let list: Uint8Array = EMPTY;
          for (const group of [...some, ...replayed]) {
            ({ list } = extended(list, [group], at(0)));
          }
          const all = some.flat();
          for (const name of new Set(all.map((each) => each.name))) {
            const same = all.filter((each) => each.name === name);
            const upToMs = Math.max(...same.map((each) => each.upToMs));
            const endMs = Math.max(...same.map((each) => each.expiresAtMs));
            for (const startMs of [10, 11, 21]) {
              const was = isWithdrawn(list, name, { startsAt: at(startMs), now: at(ms) });
              assert.equal(was, startMs <= upToMs && ms < endMs);
            }
          }
          const left = extended(list, [], at(ms));
          const alive = new Set(
            all.filter((each) => each.expiresAtMs > ms).map((each) => each.name),
          );
          assert.equal(left.list.length, alive.size * 32);
        },
      ),
    );
  });

  it('has room for so many, and takes each group wholly or not at all', () => {
    const many = Array.from({ length: MAX_WITHDRAWN - 1 }, (_, index) => single(`${index}`));
    const { list } = extended(EMPTY, [many], at(0));
    const next = extended(list, [[single('x'), single('y')], [single('z')], [single('0')]], at(0));
    assert.equal(next.left, 1);
    assert.equal(next.isChanged, true);
    const found = (serial: string) =>
      isWithdrawn(next.list, nameOf(ENDPOINT, serial), { startsAt: at(0), now: at(0) });
    assert.deepEqual(['x', 'y', 'z', '0'].map(found), [false, false, true, true]);
    assert.equal(extended(next.list, [[single('x')]], at(100)).left, 0);
  });

  it('does not change for what it has', () => {
    const { list } = extended(EMPTY, [[single('a', 100)]], at(0));
    assert.equal(extended(list, [[single('a', 90)]], at(0)).isChanged, false);
    assert.equal(extended(list, [[single('a', 110)]], at(0)).isChanged, true);
  });
});
