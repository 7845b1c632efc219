import assert from 'node:assert/strict';
import { SocketAddress } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ClientNetworks } from './client-networks.ts';
import { TrustedProxies } from './trusted-proxies.ts';

const PROXY = '10.0.0.1';

function proxies(): TrustedProxies {
  const trusted = new TrustedProxies();
  trusted.add('10.0.0.0', 8);
  trusted.add('fd00::', 8);
  return trusted;
}

const untrusted = new ClientNetworks();
const networks = new ClientNetworks(proxies());

const narrowOf = (address: string | undefined, forwardedFor?: unknown) =>
  networks.of(address, forwardedFor).narrow;

/** Addresses of nobody whom we trust. */
const clients = fc
  .oneof(fc.ipV4(), fc.ipV6())
  .filter((address) => !proxies().includes(address) && !address.includes('.0.0.0'));

describe('The network of a client', () => {
  it('is its IPv4 address, also on a socket for both kinds', () => {
    for (const address of [
      '192.0.2.1',
      '::ffff:192.0.2.1',
      '::ffff:c000:201',
      '::FFFF:C000:0201',
    ]) {
      assert.deepEqual(networks.of(address, undefined), { narrow: '192.0.2.1', wide: '192.0.2.1' });
    }
  });

  it('is the /64 of its IPv6 address, in a /48', () => {
    for (const [address, narrow, wide] of [
      ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
      ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64', '2001:db8:1::/48'],
      ['2001:db8:1::1', '2001:db8:1:0::/64', '2001:db8:1::/48'],
      ['::1', '0:0:0:0::/64', '0:0:0::/48'],
      ['::', '0:0:0:0::/64', '0:0:0::/48'],
      ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64', '64:ff9b:0::/48'],
      ['fe80::1%eth0', 'fe80:0:0:0::/64', 'fe80:0:0::/48'],
      ['::fffe:192.0.2.1', '0:0:0:0::/64', '0:0:0::/48'],
    ] as const) {
      assert.deepEqual(networks.of(address, undefined), { narrow, wide }, address);
    }
  });

  it('is the same for all addresses of a /64, and for no others', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }),
        fc.nat(7),
        (all, at) => {
          const groups = all.with(0, 0x2001);
          const address = groups.map((group) => group.toString(16)).join(':');
          const shortest = new SocketAddress({ address, family: 'ipv6' }).address;
          const other = groups.with(at, (groups[at] ?? 0) ^ 1).map((group) => group.toString(16));
          const network = networks.of(address, undefined);
          const otherNetwork = networks.of(other.join(':'), undefined);
          assert.deepEqual(networks.of(shortest, undefined), network);
          assert.equal(otherNetwork.narrow === network.narrow, at > 3);
          assert.equal(otherNetwork.wide === network.wide, at > 2);
        },
      ),
    );
  });

  it('is one for all whose address is not known any more', () => {
    assert.deepEqual(networks.of(undefined, '192.0.2.1'), { narrow: 'unknown', wide: 'unknown' });
  });
});

describe('The network of a client behind a proxy', () => {
  it('is the last that no trusted proxy has', () => {
    for (const [forwardedFor, narrow] of [
      ['192.0.2.1', '192.0.2.1'],
      ['198.51.100.7, 192.0.2.1', '192.0.2.1'],
      ['198.51.100.7,192.0.2.1 ,10.1.1.1, fd00::7', '192.0.2.1'],
      ['2001:db8::1', '2001:db8:0:0::/64'],
      ['::ffff:192.0.2.1', '192.0.2.1'],
      ['192.0.2.1:4711', '192.0.2.1'],
      ['[2001:db8::1]:4711', '2001:db8:0:0::/64'],
      ['[2001:db8::1]', '2001:db8:0:0::/64'],
      ['10.2.2.2, 10.1.1.1', '10.2.2.2'],
    ] as const) {
      assert.equal(narrowOf(PROXY, forwardedFor), narrow, forwardedFor);
      assert.equal(narrowOf(`::ffff:${PROXY}`, forwardedFor), narrow, forwardedFor);
    }
  });

  it('is that of the proxy who wrote no address', () => {
    for (const forwardedFor of [undefined, '', ' ', ',', 'unknown', '192.0.2.1,', '_hidden', 7]) {
      assert.equal(narrowOf(PROXY, forwardedFor), PROXY, String(forwardedFor));
    }
    for (const last of ['192.0.2', '192.0.2.1:', '[2001:db8::1', '192.0.2.01', '1.1.1.1 2.2.2.2']) {
      assert.equal(narrowOf(PROXY, `192.0.2.1, ${last}`), PROXY, last);
      assert.equal(narrowOf(PROXY, `192.0.2.1, ${last}, 10.1.1.1`), '10.1.1.1', last);
    }
  });

  it('does not depend on what the client writes itself', () => {
    const written = fc.oneof(fc.string(), fc.ipV4(), fc.constant(PROXY), fc.constant('10.1.1.1'));
    fc.assert(
      fc.property(clients, fc.array(written), (client, inventions) => {
        const honest = networks.of(client, undefined);
        const forwardedFor = [...inventions, client].join(', ');
        assert.deepEqual(networks.of(PROXY, forwardedFor), honest);
        assert.deepEqual(networks.of(PROXY, `${forwardedFor}, 10.1.1.1`), honest);
        assert.deepEqual(networks.of(client, forwardedFor), honest);
        assert.deepEqual(networks.of(client, inventions.join(',')), honest);
      }),
    );
  });

  it('is that of the proxy if we trust none', () => {
    assert.equal(untrusted.of(PROXY, '192.0.2.1').narrow, PROXY);
  });
});
