import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { networkOf } from './client-network.ts';

describe('The network of a client', () => {
  it('is the address itself in IPv4, also as IPv6 writes it', () => {
    assert.deepEqual(networkOf('203.0.113.9'), ['203.0.113.9']);
    assert.deepEqual(networkOf('::ffff:203.0.113.9'), ['203.0.113.9']);
  });

  it('is the /48 and the /64 in IPv6', () => {
    const network = ['2001:db8:12::/48', '2001:db8:12:3::/64'];
    assert.deepEqual(networkOf('2001:db8:12:3:4:5:6:7'), network);
    assert.deepEqual(networkOf('2001:0DB8:0012:0003::1'), network);
  });

  it('is the same however zeros are left out', () => {
    assert.deepEqual(networkOf('2001:db8::1'), ['2001:db8:0::/48', '2001:db8:0:0::/64']);
    assert.deepEqual(networkOf('2001:db8:0:0:1::'), ['2001:db8:0::/48', '2001:db8:0:0::/64']);
    assert.deepEqual(networkOf('fe80::1%eth0'), ['fe80:0:0::/48', 'fe80:0:0:0::/64']);
    assert.deepEqual(networkOf('::1'), ['0:0:0::/48', '0:0:0:0::/64']);
  });

  it('is one for all whose connection is closed', () => {
    assert.deepEqual(networkOf(undefined), ['unknown']);
  });
});
