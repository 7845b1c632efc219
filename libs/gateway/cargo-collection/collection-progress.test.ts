import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ACKNOWLEDGEMENTS,
  acknowledgementPlace,
  CollectionProgress,
  parcelPlace,
  parcelSegment,
  rotationPlace,
  START,
} from './collection-progress.ts';
import { OVERSIZE } from './size-classes.ts';

const ack = acknowledgementPlace;
const parcel = (key: string) => parcelPlace(0, key);
const parcels = parcelSegment(0);

describe('CollectionProgress', () => {
  it('orders places as things are collected', () => {
    const places = [
      START,
      rotationPlace('octet-strings'),
      rotationPlace('certificates'),
      parcel('a'),
      parcel('ab'),
      parcel('b'),
      parcelPlace(1, 'a'),
      parcelPlace(OVERSIZE - 1, 'a'),
      ack('a'),
      ack('b'),
      parcelPlace(OVERSIZE, 'a'),
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
    assert.equal(progress.behind(parcels), 'd');
    assert.ok(!progress.isPast(parcels));
    progress.add({ after: parcel('d'), upTo: ack('c') });
    assert.equal(progress.serialise(), JSON.stringify([[START, ack('c')]]));
    assert.ok(progress.isPast(parcels));
    assert.equal(progress.behind(parcels), undefined);
    assert.equal(progress.behind(ACKNOWLEDGEMENTS), 'c');
  });

  it('joins what was out of order once the gap is filled', () => {
    const progress = new CollectionProgress();
    progress.add({ after: parcel('b'), upTo: parcel('c') });
    assert.equal(progress.behind(parcels), undefined);
    assert.ok(!progress.covers(rotationPlace('certificates')));
    progress.add({ after: START, upTo: parcel('a') });
    assert.equal(progress.behind(parcels), 'a');
    progress.add({ after: parcel('a'), upTo: parcel('b') });
    assert.equal(progress.behind(parcels), 'c');
    assert.equal(progress.serialise(), JSON.stringify([[START, parcel('c')]]));
  });

  it('is one stretch however often a collection is resumed, which begins at the start each time', () => {
    const progress = new CollectionProgress();
    for (const place of ['a', 'b', 'c', 'd']) {
      progress.add({ after: START, upTo: parcel(place) });
      assert.equal(progress.serialise(), JSON.stringify([[START, parcel(place)]]));
      assert.equal(progress.behind(parcels), place);
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
    assert.ok(!progress.isPast(parcels));
    assert.equal(progress.behind(parcels), undefined);
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

  it('takes the parcels of a smaller class as behind with those of a larger one', () => {
    const progress = new CollectionProgress([{ after: START, upTo: parcelPlace(2, 'k') }]);
    assert.ok(progress.isPast(parcelSegment(0)));
    assert.ok(progress.isPast(parcelSegment(1)));
    assert.ok(!progress.isPast(parcelSegment(2)));
    assert.equal(progress.behind(parcelSegment(2)), 'k');
    assert.equal(progress.behind(parcelSegment(3)), undefined);
  });

  it('keeps apart what was collected out of order', () => {
    const progress = new CollectionProgress([{ after: START, upTo: parcelPlace(1, 'k') }]);
    progress.add({ after: ACKNOWLEDGEMENTS, upTo: ack('c') });
    progress.add({ after: parcelSegment(3), upTo: parcelPlace(3, 'x') });
    assert.equal(progress.behind(parcelSegment(1)), 'k');
    assert.ok(!progress.isPast(parcelSegment(2)));
    assert.equal(progress.behind(parcelSegment(3)), 'x');
    assert.equal(progress.behind(ACKNOWLEDGEMENTS), 'c');
    assert.ok(!progress.isPast(ACKNOWLEDGEMENTS));
  });

  it('takes from a record of the version before, which knew no classes, that the rotation is behind', () => {
    const former = (upTo: string) => CollectionProgress.parse(JSON.stringify([['', upTo]]));
    const parcelOfFormer = former('2/parcels/gateway-bound/0a/0b/0c/ff');
    assert.equal(parcelOfFormer.serialise(), JSON.stringify([[START, '2/']]));
    const withGap = JSON.stringify([['2/parcels/a', '2/parcels/b']]);
    assert.ok(CollectionProgress.parse(withGap).isEmpty);
    const pastParcels = former('3/17');
    assert.ok(pastParcels.isPast(parcelSegment(7)));
    assert.equal(pastParcels.behind(ACKNOWLEDGEMENTS), '17');
  });
});
