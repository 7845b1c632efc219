import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { passingAddresses, publicAddresses } from './own-addresses.ts';

describe('the public addresses of a machine', () => {
  it('are none of its own network, of the loopback interface, or of containers', () => {
    const all = [
      { address: '127.0.0.1', family: 'IPv4' },
      { address: '2620:fe::9', family: 'IPv6' },
      { address: '172.17.0.1', family: 'IPv4' },
      { address: '9.9.9.9', family: 'IPv4' },
      { address: 'fe80::1', family: 'IPv6' },
      { address: 'fd00::2', family: 'IPv6' },
      { address: '9.9.9.9', family: 'IPv4' },
    ] as const;
    assert.deepEqual(publicAddresses(all, new Set()), ['9.9.9.9', '2620:fe::9']);
  });

  it('are none that the system will replace', () => {
    const list = [
      '262000fe000000000000000000000009 02 40 00 00     eth0',
      '262000fe0000000048c1d3a5f00dfeed 02 40 00 01     eth0',
      '262000fe000000000000000000000008 02 40 00 20     eth0',
      '',
    ].join('\n');
    const all = ['2620:fe::9', '2620:fe::48c1:d3a5:f00d:feed', '2620:fe::8'].map(
      (address) => ({ address, family: 'IPv6' }) as const,
    );
    assert.deepEqual(publicAddresses(all, passingAddresses(list)), ['2620:fe::9']);
  });
});
