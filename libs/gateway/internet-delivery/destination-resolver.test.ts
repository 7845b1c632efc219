import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Answer } from 'dns-packet';
import { ManualClock } from '#clock/manual-clock.ts';
import { DestinationResolver } from './destination-resolver.ts';
import type { DnsRecordType, DnsReply } from './dns-over-https.ts';

/** Answers what it was told to, and NXDOMAIN otherwise. */
class FakeDns {
  readonly replies = new Map<string, Partial<DnsReply>>();
  readonly queries: string[] = [];

  async query(name: string, type: DnsRecordType): Promise<DnsReply> {
    this.queries.push(`${type} ${name}`);
    const reply = this.replies.get(`${type} ${name}`);
    return reply
      ? { rcode: 'NOERROR', isAuthentic: true, answers: [], ...reply }
      : { rcode: 'NXDOMAIN', isAuthentic: false, answers: [] };
  }
}

const SRV = 'SRV _awala-pdc._tcp.app.example';

function srv(target: string, port: number, more: { priority?: number; weight?: number } = {}) {
  const data = { target, port, priority: 0, weight: 0, ...more };
  return { type: 'SRV', name: '_awala-pdc._tcp.app.example', ttl: 60, data } satisfies Answer;
}

function address(type: 'A' | 'AAAA', data: string, ttl = 60): Answer {
  return { type, name: 'pdc.example', ttl, data };
}

function setUp(random = () => 0.5) {
  const dns = new FakeDns();
  const clock = new ManualClock();
  return { dns, clock, resolver: new DestinationResolver({ dns, clock, random }) };
}

const unreachable = { code: 'DESTINATION_UNREACHABLE' };

describe('DestinationResolver.targets', () => {
  it('gives the host and port of the SRV record', async () => {
    const { dns, resolver } = setUp();
    dns.replies.set(SRV, { answers: [srv('PDC.example.', 8443)] });
    assert.deepEqual(await resolver.targets('app.example', 443), [
      { host: 'pdc.example', port: 8443 },
    ]);
  });

  it('falls back to the address itself without an SRV record', async () => {
    const { dns, resolver } = setUp();
    const itself = [{ host: 'app.example', port: 443 }];
    assert.deepEqual(await resolver.targets('app.example', 443), itself);
    dns.replies.set('SRV _awala-pdc._tcp.other.example', { isAuthentic: false, answers: [] });
    assert.deepEqual(await resolver.targets('other.example', 80), [
      { host: 'other.example', port: 80 },
    ]);
  });

  it('refuses an SRV record that DNSSEC did not prove', async () => {
    const { dns, resolver } = setUp();
    dns.replies.set(SRV, { isAuthentic: false, answers: [srv('evil.example', 443)] });
    await assert.rejects(resolver.targets('app.example', 443), unreachable);
  });

  it('does not fall back when the DNS refuses to answer', async () => {
    const { dns, resolver } = setUp();
    dns.replies.set(SRV, { rcode: 'SERVFAIL' });
    await assert.rejects(resolver.targets('app.example', 443), unreachable);
  });

  it('orders the hosts by priority, then at random by weight', async () => {
    const answers = [
      srv('backup.example', 443, { priority: 20, weight: 100 }),
      srv('heavy.example', 443, { priority: 10, weight: 90 }),
      srv('light.example', 443, { priority: 10, weight: 10 }),
    ];
    const firsts = new Map<string, number>();
    const { dns, resolver } = setUp(Math.random);
    dns.replies.set(SRV, { answers });
    for (let count = 0; count < 1_000; count++) {
      const hosts = (await resolver.targets('app.example', 443)).map(({ host }) => host);
      assert.equal(hosts[2], 'backup.example');
      firsts.set(hosts[0] ?? '', (firsts.get(hosts[0] ?? '') ?? 0) + 1);
    }
    const heavy = firsts.get('heavy.example') ?? 0;
    assert.ok(heavy > 800 && heavy < 980, `${heavy} of 1 000`);
  });

  for (const target of [
    '.',
    'evil.example/path',
    'user@evil.example',
    'a b.example',
    'localhost',
  ]) {
    it(`refuses ${JSON.stringify(target)} as a host`, async () => {
      const { dns, resolver } = setUp();
      dns.replies.set(SRV, { answers: [srv(target, 443)] });
      await assert.rejects(resolver.targets('app.example', 443), unreachable);
    });
  }

  it('refuses port 0', async () => {
    const { dns, resolver } = setUp();
    dns.replies.set(SRV, { answers: [srv('pdc.example', 0)] });
    await assert.rejects(resolver.targets('app.example', 443), unreachable);
  });

  it('remembers an answer for as long as its record lives', async () => {
    const { dns, clock, resolver } = setUp();
    dns.replies.set(SRV, { answers: [srv('pdc.example', 443)] });
    await resolver.targets('app.example', 443);
    clock.advance(59_999);
    await resolver.targets('app.example', 443);
    assert.equal(dns.queries.length, 1);
    clock.advance(1);
    await resolver.targets('app.example', 443);
    assert.equal(dns.queries.length, 2);
  });

  it('asks the DNS neither about IP addresses nor about this host', async () => {
    const { dns, resolver } = setUp();
    await resolver.targets('192.0.2.1', 443);
    await resolver.targets('app.localhost', 443);
    assert.deepEqual(await resolver.addresses('app.localhost'), ['127.0.0.1', '::1']);
    assert.deepEqual(dns.queries, []);
  });
});

describe('DestinationResolver.addresses', () => {
  it('gives the IPv4 and IPv6 addresses of a host', async () => {
    const { dns, resolver } = setUp();
    dns.replies.set('A pdc.example', { isAuthentic: false, answers: [address('A', '1.1.1.1')] });
    dns.replies.set('AAAA pdc.example', { answers: [address('AAAA', '2606:4700:4700::1111')] });
    assert.deepEqual(await resolver.addresses('pdc.example'), ['1.1.1.1', '2606:4700:4700::1111']);
  });

  it('says so if there is none, and asks again soon', async () => {
    const { dns, clock, resolver } = setUp();
    await assert.rejects(resolver.addresses('pdc.example'), unreachable);
    dns.replies.set('A pdc.example', { answers: [address('A', '1.1.1.1', 3_600)] });
    clock.advance(60_000);
    assert.deepEqual(await resolver.addresses('pdc.example'), ['1.1.1.1']);
  });

  it('takes no more addresses than it can use', async () => {
    const { dns, resolver } = setUp();
    const answers = Array.from({ length: 5_000 }, (_, index) =>
      address('A', `1.1.1.${index % 256}`),
    );
    dns.replies.set('A pdc.example', { answers });
    assert.equal((await resolver.addresses('pdc.example')).length, 16);
  });
});
