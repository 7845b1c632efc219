import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Channel,
  countOurs,
  describeOurs,
  describeRepeats,
  type HandOver,
  reasonOf,
} from './repeats.ts';

const ONCE = { attempts: 1, lastAnsweredAtMs: 0 };

function handOver(by: Channel, atMs: number, rest: Partial<HandOver> = {}): HandOver {
  return { by, atMs, askedAtMs: atMs, acknowledgedAtMs: null, cutAtMs: null, ...rest };
}

describe('why a parcel was handed over again', () => {
  const again = handOver('WebSocket', 60_000);

  it('is its sender, if an attempt at bringing it ended after it was handed over', () => {
    const before = handOver('WebSocket', 1_000, { acknowledgedAtMs: 1_020 });
    const sent = { attempts: 2, lastAnsweredAtMs: 3_000 };
    assert.equal(reasonOf([before], again, sent, []), 'sentAgain');
    assert.equal(reasonOf([before], again, { attempts: 2, lastAnsweredAtMs: 900 }, []), 'unheeded');
  });

  it('is who collects, if it did not acknowledge', () => {
    assert.equal(reasonOf([handOver('WebSocket', 1_000)], again, ONCE, []), 'unacknowledged');
  });

  it('is the connection, if it was cut as the parcel was acknowledged', () => {
    const before = handOver('WebSocket', 1_000, { acknowledgedAtMs: 1_020, cutAtMs: 1_100 });
    assert.equal(reasonOf([before], again, ONCE, []), 'cutOff');
    const longBefore = { ...before, cutAtMs: 9_000 };
    assert.equal(reasonOf([longBefore], again, ONCE, []), 'unheeded');
  });

  it('is the courier, if it collects before it brought the PCA, or at once after that', () => {
    const first = handOver('cargo', 1_000);
    const second = handOver('cargo', 2_000);
    assert.equal(reasonOf([first], second, ONCE, []), 'secondCca');
    const acknowledged = { ...first, acknowledgedAtMs: 1_500 };
    assert.equal(reasonOf([acknowledged], second, ONCE, []), 'hastyCca');
    assert.equal(reasonOf([acknowledged, second], handOver('cargo', 6_500), ONCE, []), 'unheeded');
  });

  it('is the gateway, if one collection brings a parcel twice', () => {
    const first = handOver('cargo', 1_000, { askedAtMs: 900 });
    const second = handOver('cargo', 1_010, { askedAtMs: 900 });
    assert.equal(reasonOf([first], second, ONCE, []), 'twice');
  });

  it('is a death, if a process was killed about then', () => {
    const before = handOver('Internet delivery', 1_000, { acknowledgedAtMs: 1_010 });
    const later = handOver('Internet delivery', 60_000);
    assert.equal(reasonOf([before], later, ONCE, [1_020]), 'died');
    assert.equal(reasonOf([before], later, ONCE, [50_000]), 'unheeded');
  });

  it('is told by road, and counted where the gateway might have known better', () => {
    const before = handOver('cargo', 1_000);
    const parcel = { road: 'phone → phone', sent: ONCE, before };
    const repeats = [
      { ...parcel, id: 'one', again: handOver('cargo', 2_000), reason: 'secondCca' },
      { ...parcel, id: 'two', again: handOver('cargo', 2_000), reason: 'secondCca' },
      { ...parcel, id: 'three', again, reason: 'unheeded' },
    ] as const;
    assert.equal(countOurs(repeats), 1);
    const [first = '', second = ''] = describeRepeats(repeats);
    assert.match(first, /^ +2 {2}cargo +theirs {2}a second CCA before its PCA arrived$/);
    assert.match(
      second,
      /^ +1 {2}WebSocket after cargo {2}ours {4}its acknowledgement was not heeded$/,
    );
    assert.deepEqual(describeOurs(repeats), [
      'phone → phone (three): its acknowledgement was not heeded; sent 1 times, last answered 60000; received 59000, acknowledged never ms ago',
    ]);
  });
});
