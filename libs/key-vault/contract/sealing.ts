import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { testsOver } from '#test/tests-over.ts';
import { MAX_SECRET_OCTETS, SealBrokenError } from '../port.ts';
import type { OpenVault } from './opened-vault.ts';

const SECRET = Buffer.from('a session key of some peer');

export function describeSealing(open: OpenVault): void {
  const test = testsOver(open);
  describe('sealing', () => {
    for (const sizeOctets of [0, 1, 138, MAX_SECRET_OCTETS]) {
      test(`gives back a secret of ${sizeOctets} octets`, async ({ vault }) => {
        const secret = Buffer.alloc(sizeOctets, 'secret');
        const sealed = await vault.seal(secret, 'session-key/1');
        assert.deepEqual(Buffer.from(await vault.unseal(sealed, 'session-key/1')), secret);
      });
    }

    test('refuses a secret over 64 KiB', async ({ vault }) => {
      await assert.rejects(vault.seal(Buffer.alloc(MAX_SECRET_OCTETS + 1), 'a'), RangeError);
    });

    test('gives back what was sealed before the vault was opened again', async (opened) => {
      const sealed = await opened.vault.seal(SECRET, 'session-key/1');
      await using again = await opened.reopen();
      assert.deepEqual(Buffer.from(await again.unseal(sealed, 'session-key/1')), SECRET);
    });

    test('hides the secret, and that the same one was sealed twice', async ({ vault }) => {
      const [first, second] = [
        await vault.seal(SECRET, 'session-key/1'),
        await vault.seal(SECRET, 'session-key/1'),
      ];
      assert.ok(!Buffer.from(first).includes(SECRET));
      assert.notDeepEqual(first, second);
    });

    for (const context of ['session-key/2', 'session-key/', '', 'session-key/1\0']) {
      test(`refuses what was sealed under another context than ${JSON.stringify(context)}`, async ({
        vault,
      }) => {
        const sealed = await vault.seal(SECRET, 'session-key/1');
        await assert.rejects(vault.unseal(sealed, context), SealBrokenError);
      });
    }

    test('refuses what another vault sealed', async ({ vault }) => {
      await using other = await open();
      const sealed = await other.vault.seal(SECRET, 'session-key/1');
      await assert.rejects(vault.unseal(sealed, 'session-key/1'), SealBrokenError);
    });

    test('refuses what was changed in any octet', async ({ vault }) => {
      const sealed = await vault.seal(SECRET, 'a');
      for (const index of sealed.keys()) {
        const damaged = Uint8Array.from(sealed);
        damaged[index] = (damaged[index] ?? 0) ^ 1;
        await assert.rejects(vault.unseal(damaged, 'a'), SealBrokenError, `octet ${index}`);
      }
    });

    test('refuses what was cut, extended or never sealed', async ({ vault }) => {
      const sealed = await vault.seal(SECRET, 'a');
      const lengths = [...Array(sealed.length).keys()];
      const broken = [
        ...lengths.map((length) => sealed.subarray(0, length)),
        Buffer.concat([sealed, Buffer.of(0)]),
        SECRET,
      ];
      for (const value of broken) {
        await assert.rejects(vault.unseal(value, 'a'), SealBrokenError);
      }
    });
  });
}
