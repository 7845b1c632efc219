import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nearName } from './near-names.ts';

const NAMES = ['INTERNET_ADDRESS', 'DATA_DIR', 'OPERATIONS_PORT'];

describe('near names', () => {
  for (const [slip, word] of Object.entries({
    'a letter missing': 'INTERNET_ADRESS',
    'the last letter missing': 'INTERNET_ADDRES',
    'a letter added': 'INTERNETT_ADDRESS',
    'a letter wrong': 'INTERMET_ADDRESS',
    'the first letter wrong': 'ONTERNET_ADDRESS',
    'two letters swapped': 'INTERNET_ADDERSS',
    'another case': 'internet_address',
    'another separator': 'INTERNET-ADDRESS',
    'no separator, and a letter missing': 'INTERNETADRESS',
  })) {
    it(`sees through ${slip}`, () => {
      assert.equal(nearName(word, NAMES), 'INTERNET_ADDRESS');
    });
  }

  for (const word of ['DATA_DIR', 'OPERATIONS_HOST', 'XDG_DATA_DIRS', 'PATH', 'ADDRESS', '']) {
    it(`takes “${word}” for no slip`, () => {
      assert.equal(nearName(word, NAMES), null);
    });
  }
});
