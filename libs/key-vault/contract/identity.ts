import assert from 'node:assert/strict';
import { constants, createPublicKey, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import { testsOver } from '#test/tests-over.ts';
import type { OpenVault } from './opened-vault.ts';

export function describeIdentity(open: OpenVault): void {
  const test = testsOver(open);
  describe('identity key', () => {
    test('is an RSA key of 2 048 bits or more', async ({ vault }) => {
      const key = createPublicKey({
        key: Buffer.from(await vault.publicKey()),
        format: 'der',
        type: 'spki',
      });
      assert.equal(key.asymmetricKeyType, 'rsa');
      assert.ok((key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2_048);
    });

    test('stays the same', async (opened) => {
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
      test(`signs ${sizeOctets} octets with RSA-PSS, SHA-256 and a salt of 32 octets`, async ({
        vault,
      }) => {
        const data = Buffer.alloc(sizeOctets, 'parcel');
        const signature = await vault.sign(data);
        assert.ok(isSignature(await vault.publicKey(), data, signature));
        const otherData = Buffer.concat([data, Buffer.of(0)]);
        assert.ok(!isSignature(await vault.publicKey(), otherData, signature));
      });
    }

    test('signs many messages at once', async ({ vault }) => {
      const messages = Array.from({ length: 20 }, (_, index) => Buffer.from(`message ${index}`));
      const signatures = await Promise.all(messages.map((data) => vault.sign(data)));
      const publicKey = await vault.publicKey();
      for (const [index, signature] of signatures.entries()) {
        assert.ok(isSignature(publicKey, messages[index] ?? Buffer.of(), signature));
      }
    });

    test('signs what another opening of the vault verifies', async (opened) => {
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
