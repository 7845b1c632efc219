import { describe } from 'node:test';
import { backing, uniqueName } from '#test/backing/backing.ts';
import { describeKeyVault } from '../contract.ts';
import { GoogleKmsVault } from './key-vault.ts';
import { provisionKeys } from './provision.ts';

const kms = await backing('kms');

describe('Cloud KMS', { skip: kms.missing }, () => {
  describeKeyVault('Cloud KMS', async () => {
    const emulatorAddress = kms.address;
    const keys = await provisionKeys({
      project: 'test',
      location: 'here',
      keyRing: uniqueName('vault'),
      emulatorAddress,
    });
    const open = () => new GoogleKmsVault({ ...keys, emulatorAddress, deadlineMs: 10_000 });
    const vault = open();
    return {
      vault,
      reopen: async () => open(),
      [Symbol.asyncDispose]: () => vault[Symbol.asyncDispose](),
    };
  });
});
