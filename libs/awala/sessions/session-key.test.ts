import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { InvalidMessageError, MalformedMessageError } from '../errors.ts';
import {
  curveOf,
  generateSessionKey,
  parseSessionKeyPair,
  parseSessionPublicKey,
  serialiseSessionPrivateKey,
} from './session-key.ts';

describe('session key', () => {
  for (const curve of ['prime256v1', 'secp384r1', 'secp521r1'] as const) {
    it(`on ${curve} comes back as it was stored`, () => {
      const key = generateSessionKey(curve);
      const restored = parseSessionKeyPair(key.id, serialiseSessionPrivateKey(key));
      assert.deepEqual(restored.id, key.id);
      assert.deepEqual(restored.publicKey, key.publicKey);
      assert.ok(restored.privateKey.equals(key.privateKey));
      assert.equal(curveOf(parseSessionPublicKey(key.publicKey)), curve);
    });
  }

  it('has an id of its own', () => {
    assert.notDeepEqual(generateSessionKey().id, generateSessionKey().id);
  });

  it('is refused if it is no key', () => {
    assert.throws(() => parseSessionPublicKey(Buffer.from('no key')), MalformedMessageError);
    const id = Buffer.of(1);
    assert.throws(() => parseSessionKeyPair(id, Buffer.from('no key')), MalformedMessageError);
  });

  it('is refused if it is of another kind', () => {
    const pairs = [
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
      generateKeyPairSync('x25519'),
      generateKeyPairSync('rsa', { modulusLength: 1_024 }),
    ];
    for (const { publicKey, privateKey } of pairs) {
      const spki = publicKey.export({ type: 'spki', format: 'der' });
      assert.throws(
        () => parseSessionPublicKey(spki),
        (error) => error instanceof InvalidMessageError && error.code === 'algorithm',
      );
      const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
      assert.throws(() => parseSessionKeyPair(Buffer.of(1), pkcs8), MalformedMessageError);
    }
  });
});
