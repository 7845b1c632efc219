import assert from 'node:assert/strict';
import { constants, createPublicKey, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import type { OpenVault } from './opened-vault.ts';

export function describeIdentity(open: OpenVault): void {
  describe('identity key', () => {
    it('is an RSA key of 2 048 bits or more', async () => {
      await using opened = await open();
      const key = createPublicKey({
        key: Buffer.from(await opened.vault.publicKey()),
        format: 'der',
        type: 'spki',
      });
      assert.equal(key.asymmetricKeyType, 'rsa');
      assert.ok((key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2_048);
    });

    it('stays the same', async () => {
      await using opened = await open();
      const first = await opened.vault.publicKey();
      assert.deepEqual(await opened.vault.publicKey(), first);
      await using again = await opened.reopen();
      assert.deepEqual(await again.publicKey(), first);
    });

    it('is not shared with another vault', async () => {
      await using one = await open();
      await using other = await open();
      assert.notDeepEqual(await one.vault.publicKey(), await other.vault.publicKey());
    });

    for (const sizeOctets of [0, 1, 1_000, 1_048_576]) {
      it(`signs ${sizeOctets} octets with RSA-PSS, SHA-256 and a salt of 32 octets`, async () => {
        await using opened = await open();
        const data = Buffer.alloc(sizeOctets, 'parcel');
        const signature = await opened.vault.sign(data);
        assert.ok(isSignature(await opened.vault.publicKey(), data, signature));
        const otherData = Buffer.concat([data, Buffer.of(0)]);
        assert.ok(!isSignature(await opened.vault.publicKey(), otherData, signature));
      });
    }

    it('signs many messages at once', async () => {
      await using opened = await open();
      const messages = Array.from({ length: 20 }, (_, index) => Buffer.from(`message ${index}`));
      const signatures = await Promise.all(messages.map((data) => opened.vault.sign(data)));
      const publicKey = await opened.vault.publicKey();
      for (const [index, signature] of signatures.entries()) {
        assert.ok(isSignature(publicKey, messages[index] ?? Buffer.of(), signature));
      }
    });

    it('signs what another opening of the vault verifies', async () => {
      await using opened = await open();
      await using again = await opened.reopen();
      const data = Buffer.from('parcel');
      assert.ok(isSignature(await opened.vault.publicKey(), data, await again.sign(data)));
    });
  });
}

function isSignature(publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  return verify('sha256', data, options, signature);
}
