import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeIdOfKey, parseNodeId } from './node-id.ts';

const ID = `0${'ab12'.repeat(16)}`;

describe('A node id', () => {
  it('is a zero and the SHA-256 of the key in hex', () => {
    const ofNothing = '0e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

    assert.equal(nodeIdOfKey(new Uint8Array()), ofNothing);
  });

  it('is taken in its canonical form only', () => {
    assert.equal(parseNodeId(ID), ID);
    for (const other of [ID.toUpperCase(), ID.slice(1), `${ID}0`, ` ${ID}`, `${ID}\n`, '']) {
      assert.equal(parseNodeId(other), null, other);
    }
  });
});
