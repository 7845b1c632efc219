import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DistinctSketch } from './distinct-sketch.ts';

function sketchOf(from: number, to: number): DistinctSketch {
  const sketch = new DistinctSketch();
  for (let number = from; number < to; number++) {
    sketch.add(`phone ${number}`);
  }
  return sketch;
}

describe('DistinctSketch', () => {
  it('counts a few exactly, and each once', () => {
    assert.equal(new DistinctSketch().estimate(), 0);
    const sketch = sketchOf(0, 12);
    assert.equal(sketch.estimate(), 12);
    assert.equal(sketch.add('phone 3'), false);
    assert.equal(sketch.add('another'), true);
    assert.equal(sketch.estimate(), 13);
  });

  for (const count of [1_000, 20_000, 200_000]) {
    it(`counts ${count} within 5 %`, () => {
      const ratio = sketchOf(0, count).estimate() / count;
      assert.ok(ratio > 0.95 && ratio < 1.05, `${ratio}`);
    });
  }

  it('counts what two have in common once', () => {
    const sketch = sketchOf(0, 20);
    sketch.merge(sketchOf(10, 30));
    assert.equal(sketch.estimate(), 30);
    assert.equal(new DistinctSketch(sketch.octets).estimate(), 30);
  });

  it('begins anew from what is no sketch', () => {
    assert.equal(new DistinctSketch(Uint8Array.of(1, 2, 3)).estimate(), 0);
  });
});
