import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { testsOver } from '#test/tests-over.ts';
import { describeIdentity } from './contract/identity.ts';
import type { OpenVault } from './contract/opened-vault.ts';
import { describeSealing } from './contract/sealing.ts';

export type { OpenVault } from './contract/opened-vault.ts';

/** The promises of {@link import('./port.ts').KeyVault}, tested over one adapter. */
export function describeKeyVault(name: string, open: OpenVault): void {
  describe(`${name} as a key vault`, () => {
    describeIdentity(open);
    describeSealing(open);
    describeLife(open);
  });
}

function describeLife(open: OpenVault): void {
  const test = testsOver(open);
  describe('life', () => {
    test('says that it can sign', async ({ vault }) => {
      await vault.check();
    });

    test('refuses every call once it is closed, and can be closed twice', async ({ vault }) => {
      const sealed = await vault.seal(Buffer.from('secret'), 'a');
      await vault[Symbol.asyncDispose]();
      await vault[Symbol.asyncDispose]();
      const calls = [
        () => vault.publicKey(),
        () => vault.sign(Buffer.from('parcel')),
        () => vault.seal(Buffer.from('secret'), 'a'),
        () => vault.unseal(sealed, 'a'),
        () => vault.check(),
      ];
      for (const call of calls) {
        await assert.rejects(call(), BackingUnavailableError);
      }
    });
  });
}
