import assert from 'node:assert/strict';
import { createPublicKey, diffieHellman } from 'node:crypto';
import { describe, it } from 'node:test';
import { deriveSessionKey, epochIdOf } from './derived-session-key.ts';
import { curveOf, generateSessionKey, parseSessionPublicKey } from './session-key.ts';

const EPOCH = { id: Buffer.alloc(8, 1), secret: Buffer.alloc(32, 2) };
const PHONE = `0${'a'.repeat(64)}`;
const OTHER = `0${'b'.repeat(64)}`;

const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');

describe('a derived session key', () => {
  it('is the same for a node each time, now and in later versions', () => {
    const key = deriveSessionKey(EPOCH, PHONE);
    assert.deepEqual(key.publicKey, deriveSessionKey(EPOCH, PHONE).publicKey);
    // Written down once: phones hold what followed from it.
    assert.equal(hex(key.id), '0101010101010101b6e4dda9eed6f820');
    assert.equal(
      hex(key.publicKey.subarray(-64)),
      '320e660c9d76a2cab5f1ba7faec597dc947c7713145b49e48db16e69173e1e75973be2d8e5a51745ba979df32992098d5a96b69b095b940a489df1fc4473eba0',
    );
  });

  it('is a key on P-256 that a secret can be agreed on with', () => {
    const key = deriveSessionKey(EPOCH, PHONE);
    const publicKey = parseSessionPublicKey(key.publicKey);
    assert.equal(curveOf(publicKey), 'prime256v1');
    const { privateKey, publicKey: spki } = generateSessionKey();
    const theirs = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    assert.deepEqual(
      diffieHellman({ privateKey: key.privateKey, publicKey: theirs }),
      diffieHellman({ privateKey, publicKey }),
    );
  });

  it('differs in key and id from node to node, and from epoch to epoch', () => {
    const keys = [
      deriveSessionKey(EPOCH, PHONE),
      deriveSessionKey(EPOCH, OTHER),
      deriveSessionKey({ ...EPOCH, id: Buffer.alloc(8, 3) }, PHONE),
      deriveSessionKey({ ...EPOCH, secret: Buffer.alloc(32, 4) }, PHONE),
    ];
    assert.equal(new Set(keys.map(({ publicKey }) => hex(publicKey))).size, keys.length);
    assert.equal(new Set(keys.map(({ id }) => hex(id))).size, keys.length);
  });

  it('tells its epoch by its id, which other ids do not', () => {
    assert.deepEqual(epochIdOf(deriveSessionKey(EPOCH, PHONE).id), EPOCH.id);
    for (const octets of [1, 8, 15, 17, 64]) {
      assert.equal(epochIdOf(Buffer.alloc(octets)), null);
    }
  });

  it('is in range and different for a thousand nodes', () => {
    const ids = Array.from({ length: 1_000 }, (_, index) =>
      hex(deriveSessionKey(EPOCH, `node ${index}`).publicKey),
    );
    assert.equal(new Set(ids).size, ids.length);
  });
});
