import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
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
  describe('life', () => {
    it('says that it can sign', async () => {
      await using opened = await open();
      await opened.vault.check();
    });

    it('refuses every call once it is closed, and can be closed twice', async () => {
      await using opened = await open();
      const { vault } = opened;
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
