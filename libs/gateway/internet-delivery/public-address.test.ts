import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPublicAddress } from './public-address.ts';

const REFUSED = [
  // This host, loopback
  '0.0.0.0',
  '0.1.2.3',
  '127.0.0.1',
  '127.255.255.254',
  '::',
  '::1',
  // Private
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  'fc00::1',
  'fdff::1',
  'fec0::1',
  // Carrier-grade NAT
  '100.64.0.1',
  '100.127.255.255',
  // Link-local, where cloud providers keep their metadata
  '169.254.169.254',
  'fe80::1',
  'fe80::1%eth0',
  'fd00:ec2::254',
  // Multicast, broadcast, reserved
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  'ff02::1',
  // Documentation, benchmarking, protocol assignments
  '192.0.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '2001:db8::1',
  '3fff::1',
  '100::1',
  // IPv4 addresses inside IPv6: mapped, compatible, NAT64, 6to4, Teredo
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:8.8.8.8',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::1',
  '2002:7f00:1::',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  // No addresses at all, or not as the system writes them
  '',
  'localhost',
  '[::1]',
  '2130706433',
  '0x7f000001',
  '127.1',
];

const PERMITTED = [
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2001:4860:4860::8888',
  '2a00:1450:4001:800::200e',
];

describe('isPublicAddress', () => {
  for (const address of REFUSED) {
    it(`refuses ${address || 'nothing'}`, () => {
      assert.equal(isPublicAddress(address), false);
    });
  }

  for (const address of PERMITTED) {
    it(`permits ${address}`, () => {
      assert.equal(isPublicAddress(address), true);
    });
  }
});
