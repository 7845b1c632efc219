import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPassedSockets } from './passed-sockets.ts';

const SERVICE = { pid: 42, names: ['poweb', 'pohttp', 'operations'] };
const PASSED = { LISTEN_PID: '42', LISTEN_FDS: '2', LISTEN_FDNAMES: 'pohttp:poweb' };

describe('readPassedSockets', () => {
  it('finds sockets from descriptor 3 on, in the order of their names', () => {
    const { sockets, faults, remark } = readPassedSockets(PASSED, SERVICE);
    assert.deepEqual(
      [...sockets],
      [
        ['pohttp', 3],
        ['poweb', 4],
      ],
    );
    assert.deepEqual([faults, remark], [[], null]);
  });

  it('finds none where none were passed', () => {
    for (const environment of [{}, { LISTEN_PID: '42' }, { LISTEN_FDS: '1' }, { LISTEN_PID: '' }]) {
      const { sockets, faults, remark } = readPassedSockets(environment, SERVICE);
      assert.deepEqual([sockets.size, faults, remark], [0, [], null]);
    }
  });

  it('ignores those for another process, and says so', () => {
    const { sockets, faults, remark } = readPassedSockets({ ...PASSED, LISTEN_PID: '41' }, SERVICE);
    assert.deepEqual([sockets.size, faults], [0, []]);
    assert.equal(
      remark,
      'LISTEN_FDS is for process 41, and this is 42: start node itself, not npm',
    );
  });

  for (const [what, differing, fault] of [
    ['a count that is none', { LISTEN_FDS: 'two' }, /^LISTEN_FDS must be a whole number .* "two"$/],
    ['no names', { LISTEN_FDNAMES: undefined }, /^LISTEN_FDNAMES must name each of the 2 sockets/],
    [
      'too few names',
      { LISTEN_FDNAMES: 'poweb' },
      /^LISTEN_FDNAMES must name each of the 2 sockets/,
    ],
    ['a server that is not here', { LISTEN_FDNAMES: 'poweb:cogrpc' }, /has "cogrpc"$/],
    ['a server twice', { LISTEN_FDNAMES: 'poweb:poweb' }, /has "poweb" twice$/],
  ] as const) {
    it(`refuses ${what}`, () => {
      const { sockets, faults } = readPassedSockets({ ...PASSED, ...differing }, SERVICE);
      assert.equal(sockets.size, 0);
      assert.equal(faults.length, 1);
      assert.match(faults[0] ?? '', fault);
    });
  }
});
