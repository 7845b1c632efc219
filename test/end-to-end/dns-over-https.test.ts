import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { DnsOverHttps } from '#gateway/internet-delivery/dns-over-https.ts';
import { DohServer, reply } from '#test/peers/doh-server.ts';

const APP = 'app.example';
const HOST = 'pdc.app.example';

describe('Asking the DNS over HTTPS', () => {
  it('reads what a resolver says', async () => {
    await using doh = await DohServer.start();
    await using dns = new DnsOverHttps(new ManualClock(), { url: doh.url, timeoutMs: 1_000 });
    doh.setService(APP, { target: HOST, port: 8443, priority: 1, weight: 2 });
    const answer = await dns.query(`_awala-pdc._tcp.${APP}`, 'SRV');
    assert.equal(answer.rcode, 'NOERROR');
    assert.equal(answer.isAuthentic, true);
    assert.partialDeepStrictEqual(answer.answers, [
      { type: 'SRV', ttl: 60, data: { target: HOST, port: 8443, priority: 1, weight: 2 } },
    ]);
    assert.equal((await dns.query('absent.example', 'A')).rcode, 'NXDOMAIN');
  });

  const question = { type: 'A', name: 'other.example' } as const;
  const type = { 'content-type': 'application/dns-message' };
  const faults: Readonly<Record<string, DohServer['behaviour']>> = {
    'an error': (_, response) => response.writeHead(500).end(),
    'a web page': (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(),
    'something malformed': (_, response) => response.writeHead(200, type).end('nonsense'),
    'too much': (_, response) => response.writeHead(200, type).end(Buffer.alloc(70_000)),
    'an answer to another question': (_, response) =>
      response.writeHead(200, type).end(reply(question, {})),
    nothing: (_, response) => response.destroy(),
  };

  for (const [name, behaviour] of Object.entries(faults)) {
    it(`says that the resolver is unavailable when it answers with ${name}`, async () => {
      await using doh = await DohServer.start();
      await using dns = new DnsOverHttps(new ManualClock(), { url: doh.url, timeoutMs: 1_000 });
      doh.behaviour = behaviour;
      await assert.rejects(dns.query(HOST, 'A'), { code: 'DNS_UNAVAILABLE' });
    });
  }

  it('says so when the resolver does not answer in time', async () => {
    await using doh = await DohServer.start();
    const clock = new ManualClock();
    await using dns = new DnsOverHttps(clock, { url: doh.url, timeoutMs: 1_000 });
    doh.behaviour = () => clock.advance(1_000);
    await assert.rejects(dns.query(HOST, 'A'), { code: 'DNS_UNAVAILABLE' });
  });
});
