import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_SECRET_OCTETS, SealBrokenError } from '../port.ts';
import type { OpenVault } from './opened-vault.ts';

const SECRET = Buffer.from('a session key of some peer');

export function describeSealing(open: OpenVault): void {
  describe('sealing', () => {
    for (const sizeOctets of [0, 1, 138, MAX_SECRET_OCTETS]) {
      it(`gives back a secret of ${sizeOctets} octets`, async () => {
        await using opened = await open();
        const secret = Buffer.alloc(sizeOctets, 'secret');
        const sealed = await opened.vault.seal(secret, 'session-key/1');
        assert.deepEqual(Buffer.from(await opened.vault.unseal(sealed, 'session-key/1')), secret);
      });
    }

    it('refuses a secret over 64 KiB', async () => {
      await using opened = await open();
      await assert.rejects(opened.vault.seal(Buffer.alloc(MAX_SECRET_OCTETS + 1), 'a'), RangeError);
    });

    it('gives back what was sealed before the vault was opened again', async () => {
      await using opened = await open();
      const sealed = await opened.vault.seal(SECRET, 'session-key/1');
      await using again = await opened.reopen();
      assert.deepEqual(Buffer.from(await again.unseal(sealed, 'session-key/1')), SECRET);
    });

    it('hides the secret, and that the same one was sealed twice', async () => {
      await using opened = await open();
      const [first, second] = [
        await opened.vault.seal(SECRET, 'session-key/1'),
        await opened.vault.seal(SECRET, 'session-key/1'),
      ];
      assert.ok(!Buffer.from(first).includes(SECRET));
      assert.notDeepEqual(first, second);
    });

    for (const context of ['session-key/2', 'session-key/', '', 'session-key/1\0']) {
      it(`refuses what was sealed under another context than ${JSON.stringify(context)}`, async () => {
        await using opened = await open();
        const sealed = await opened.vault.seal(SECRET, 'session-key/1');
        await assert.rejects(opened.vault.unseal(sealed, context), SealBrokenError);
      });
    }

    it('refuses what another vault sealed', async () => {
      await using opened = await open();
      await using other = await open();
      const sealed = await other.vault.seal(SECRET, 'session-key/1');
      await assert.rejects(opened.vault.unseal(sealed, 'session-key/1'), SealBrokenError);
    });

    it('refuses what was changed in any octet', async () => {
      await using opened = await open();
      const sealed = await opened.vault.seal(SECRET, 'a');
      for (const index of sealed.keys()) {
        const damaged = Uint8Array.from(sealed);
        damaged[index] = (damaged[index] ?? 0) ^ 1;
        await assert.rejects(opened.vault.unseal(damaged, 'a'), SealBrokenError, `octet ${index}`);
      }
    });

    it('refuses what was cut, extended or never sealed', async () => {
      await using opened = await open();
      const sealed = await opened.vault.seal(SECRET, 'a');
      const lengths = [...Array(sealed.length).keys()];
      const broken = [
        ...lengths.map((length) => sealed.subarray(0, length)),
        Buffer.concat([sealed, Buffer.of(0)]),
        SECRET,
      ];
      for (const value of broken) {
        await assert.rejects(opened.vault.unseal(value, 'a'), SealBrokenError);
      }
    });
  });
}
