import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { systemClock } from '#clock/clock.ts';
import { DestinationResolver } from '#gateway/internet-delivery/destination-resolver.ts';
import { DnsOverHttps } from '#gateway/internet-delivery/dns-over-https.ts';
import { PohttpClient } from '#gateway/internet-delivery/pohttp-client.ts';
import { isPublicAddress } from '#gateway/internet-delivery/public-address.ts';
import { DohServer } from '#test/peers/doh-server.ts';
import { answers, RecipientServer } from '#test/peers/recipient-server.ts';

const APP = 'app.localhost';

/** As strict as in production. */
const STRICT = {
  useTls: true,
  permits: isPublicAddress,
  connectTimeoutMs: 5_000,
  totalTimeoutMs: 10_000,
  maxConnectionsPerHost: 8,
};

describe('Posting parcels for an Internet address with an override', () => {
  let doh: DohServer;
  let recipient: RecipientServer;
  let dns: DnsOverHttps;
  let client: PohttpClient;

  before(async () => {
    doh = await DohServer.start();
  });
  after(() => doh[Symbol.asyncDispose]());

  beforeEach(async () => {
    recipient = await RecipientServer.start();
    dns = new DnsOverHttps(systemClock, { url: doh.url, timeoutMs: 1_000 });
    doh.queries.length = 0;
  });
  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await dns[Symbol.asyncDispose]();
    await recipient[Symbol.asyncDispose]();
  });

  function open(overrides: Readonly<Record<string, string>>): void {
    const resolver = new DestinationResolver({ dns, clock: systemClock });
    client = new PohttpClient(
      { resolver, clock: systemClock },
      {
        ...STRICT,
        overrides: new Map(
          Object.entries(overrides).map(([address, url]) => [address, new URL(url)]),
        ),
      },
    );
  }

  function post(internetAddress: string) {
    const { signal } = new AbortController();
    return client.post({ internetAddress, parcel: Buffer.from('a parcel'), attempt: 1, signal });
  }

  const paths = () => recipient.received.map(({ path }) => path);

  it('needs neither DNS nor TLS nor a public IP address', async () => {
    open({ [APP]: recipient.url('127.0.0.1', '/parcels?from=gateway') });
    assert.deepEqual(await post(APP), { outcome: 'delivered' });
    assert.deepEqual(paths(), ['/parcels?from=gateway']);
    assert.deepEqual(doh.queries, []);
  });

  it('finds the host by the names that this machine knows', async () => {
    open({ 'app.example': recipient.url('localhost') });
    assert.deepEqual(await post('app.example'), { outcome: 'delivered' });
    assert.deepEqual(doh.queries, []);
  });

  it('follows redirects within the same server', async () => {
    open({ [APP]: recipient.url('127.0.0.1') });
    recipient.behaviour = (response, { path }) => {
      response.writeHead(path === '/there' ? 202 : 307, { location: '/there' }).end();
    };
    assert.deepEqual(await post(APP), { outcome: 'delivered' });
    assert.deepEqual(paths(), ['/', '/there']);
  });

  it('checks redirects to any other server as ever', async () => {
    await using other = await RecipientServer.start();
    open({ [APP]: recipient.url('127.0.0.1') });
    recipient.behaviour = answers(307, { location: other.url('127.0.0.1') });
    assert.partialDeepStrictEqual(await post(APP), { outcome: 'failed', reason: 'REDIRECT' });
    recipient.behaviour = answers(307, { location: 'https://127.0.0.1:9999/' });
    assert.partialDeepStrictEqual(await post(APP), {
      outcome: 'failed',
      reason: 'FORBIDDEN_ADDRESS',
    });
    assert.equal(other.connections, 0);
  });

  it('opens that server to no other address', async () => {
    open({ [APP]: recipient.url('127.0.0.1') });
    doh.setService('other.example', { target: 'inside.example', port: recipient.port });
    doh.setAddress('inside.example', '127.0.0.1');
    assert.partialDeepStrictEqual(await post('other.example'), {
      outcome: 'failed',
      reason: 'FORBIDDEN_ADDRESS',
    });
    assert.partialDeepStrictEqual(await post('sub.app.localhost'), { outcome: 'failed' });
    assert.equal(recipient.connections, 0);
  });

  it('tries again later while the app is not there', async () => {
    const url = recipient.url('127.0.0.1');
    await recipient[Symbol.asyncDispose]();
    open({ [APP]: url });
    assert.partialDeepStrictEqual(await post(APP), { outcome: 'failed', reason: 'ECONNREFUSED' });
    recipient = await RecipientServer.start();
  });
});
