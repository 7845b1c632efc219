import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  acknowledgementPlace,
  CollectionProgress,
  parcelPlace,
  rotationPlace,
  START,
} from './collection-progress.ts';

const ack = acknowledgementPlace;
const parcel = parcelPlace;

describe('CollectionProgress', () => {
  it('orders places as things are collected', () => {
    const places = [
      START,
      rotationPlace('octet-strings'),
      rotationPlace('certificates'),
      parcel('a'),
      parcel('ab'),
      parcel('b'),
      ack('a'),
      ack('b'),
    ];
    assert.deepEqual([...places].sort(), places);
  });

  it('covers a stretch from after its start to its end', () => {
    const progress = new CollectionProgress([{ after: parcel('b'), upTo: parcel('d') }]);
    assert.deepEqual(
      ['a', 'b', 'c', 'd', 'e'].map((key) => progress.covers(parcel(key))),
      [false, false, true, true, false],
    );
  });

  it('is one stretch as long as what is acknowledged comes in order', () => {
    const progress = new CollectionProgress();
    progress.add({ after: START, upTo: parcel('d') });
    assert.equal(progress.parcelsBehind, 'd');
    assert.ok(!progress.isPastParcels);
    progress.add({ after: parcel('d'), upTo: ack('c') });
    assert.equal(progress.serialise(), JSON.stringify([[START, ack('c')]]));
    assert.ok(progress.isPastParcels);
    assert.equal(progress.parcelsBehind, undefined);
    assert.equal(progress.acknowledgementsBehind, 'c');
  });

  it('joins what was out of order once the gap is filled', () => {
    const progress = new CollectionProgress();
    progress.add({ after: parcel('b'), upTo: parcel('c') });
    assert.equal(progress.parcelsBehind, undefined);
    assert.ok(!progress.covers(rotationPlace('certificates')));
    progress.add({ after: START, upTo: parcel('a') });
    assert.equal(progress.parcelsBehind, 'a');
    progress.add({ after: parcel('a'), upTo: parcel('b') });
    assert.equal(progress.parcelsBehind, 'c');
    assert.equal(progress.serialise(), JSON.stringify([[START, parcel('c')]]));
  });

  it('is one stretch however often a collection is resumed, which begins at the start each time', () => {
    const progress = new CollectionProgress();
    for (const place of ['a', 'b', 'c', 'd']) {
      progress.add({ after: START, upTo: parcel(place) });
      assert.equal(progress.serialise(), JSON.stringify([[START, parcel(place)]]));
      assert.equal(progress.parcelsBehind, place);
    }
    progress.add({ after: parcel('f'), upTo: parcel('g') });
    progress.add({ after: parcel('h'), upTo: parcel('i') });
    progress.add({ after: START, upTo: parcel('h') });
    assert.equal(progress.serialise(), JSON.stringify([[START, parcel('i')]]));
  });

  it('is past nothing else with the rotation', () => {
    const progress = new CollectionProgress([
      { after: START, upTo: rotationPlace('certificates') },
    ]);
    assert.ok(progress.covers(rotationPlace('certificates')));
    assert.ok(!progress.isPastParcels);
    assert.equal(progress.parcelsBehind, undefined);
  });

  it('is restored from what it wrote', () => {
    const progress = new CollectionProgress([
      { after: START, upTo: parcel('a') },
      { after: parcel('b'), upTo: parcel('c') },
    ]);
    const restored = CollectionProgress.parse(progress.serialise());
    assert.equal(restored.serialise(), progress.serialise());
    for (const nonsense of ['{}', '[1]', '[["a"]]', 'nonsense']) {
      assert.throws(() => CollectionProgress.parse(nonsense), SyntaxError);
    }
  });
});
