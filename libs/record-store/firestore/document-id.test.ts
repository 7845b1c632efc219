import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeId, encodeId } from './document-id.ts';

const ALPHABET = [...'-./0129:ABYZ_abyz'];

describe('document ids', () => {
  it('keep the order of ids, tell all apart, and are decoded to them', () => {
    const ids = ALPHABET.flatMap((first) => [first, ...ALPHABET.map((second) => first + second)]);
    const encoded = ids.toSorted().map(encodeId);
    assert.deepEqual(encoded, encoded.toSorted());
    assert.equal(new Set(encoded).size, ids.length);
    assert.deepEqual(encoded.map(decodeId), ids.toSorted());
  });

  it('hold nothing that Firestore forbids', () => {
    for (const id of ['.', '..', 'a/b', '__a__', '____', '/']) {
      assert.match(encodeId(id), /^[^/._]+$/);
    }
  });
});
