import { describe } from 'node:test';
import { backing, uniqueName } from '#test/backing/backing.ts';
import { describeKeyVault } from '../contract.ts';
import { createNamedKeys } from './create-keys.ts';
import { GoogleKmsVault } from './key-vault.ts';

const kms = await backing('kms');

describe('Cloud KMS', { skip: kms.missing }, () => {
  describeKeyVault('Cloud KMS', async () => {
    const keyRing = `projects/test/locations/here/keyRings/${uniqueName('vault')}`;
    const keys = {
      identityKeyVersion: `${keyRing}/cryptoKeys/identity/cryptoKeyVersions/1`,
      sealingKey: `${keyRing}/cryptoKeys/sealing`,
      emulatorAddress: kms.address,
    };
    await createNamedKeys(keys);
    const open = () => new GoogleKmsVault({ ...keys, deadlineMs: 10_000 });
    const vault = open();
    return {
      vault,
      reopen: async () => open(),
      [Symbol.asyncDispose]: () => vault[Symbol.asyncDispose](),
    };
  });
});
