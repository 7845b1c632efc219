import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { TlsCertificate } from '#certificates/port.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import type { DeliveryAnswer } from '#gateway/internet-delivery/delivery-answer.ts';
import { DestinationResolver } from '#gateway/internet-delivery/destination-resolver.ts';
import { DnsOverHttps } from '#gateway/internet-delivery/dns-over-https.ts';
import {
  PohttpClient,
  type PohttpClientOptions,
} from '#gateway/internet-delivery/pohttp-client.ts';
import { isPublicAddress } from '#gateway/internet-delivery/public-address.ts';
import { selfSigned } from '#test/builders/tls-certificates.ts';
import { DohServer } from '#test/peers/doh-server.ts';
import { answers, RecipientServer } from '#test/peers/recipient-server.ts';
import { closedPort, RawServer } from './internet-delivery/raw-server.ts';

const APP = 'app.example';
const HOST = 'pdc.app.example';
const PARCEL = Buffer.from('a parcel');

const OPTIONS: PohttpClientOptions = {
  useTls: false,
  permits: () => true,
  connectTimeoutMs: 500,
  totalTimeoutMs: 5_000,
  maxConnectionsPerHost: 8,
};

/** A client, with its clock and what it resolves names with. */
class Setting implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly #dns: DnsOverHttps;
  readonly #client: PohttpClient;

  constructor(doh: DohServer, options: Partial<PohttpClientOptions> = {}) {
    this.#dns = new DnsOverHttps(this.clock, { url: doh.url, timeoutMs: 1_000 });
    const resolver = new DestinationResolver({ dns: this.#dns, clock: this.clock });
    this.#client = new PohttpClient({ resolver, clock: this.clock }, { ...OPTIONS, ...options });
  }

  post(internetAddress = APP, attempt = 1, signal = new AbortController().signal) {
    return this.#client.post({ internetAddress, parcel: PARCEL, attempt, signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
    await this.#dns[Symbol.asyncDispose]();
  }
}

function assertFailed(answer: DeliveryAnswer, reason: string, destination = 'down'): void {
  assert.partialDeepStrictEqual(answer, { outcome: 'failed', reason, destination });
}

describe('Posting a parcel to its Internet address', () => {
  let doh: DohServer;
  let recipient: RecipientServer;

  before(async () => {
    doh = await DohServer.start();
    doh.setAddress(HOST, '127.0.0.1');
  });

  after(() => doh[Symbol.asyncDispose]());

  beforeEach(async () => {
    recipient = await RecipientServer.start();
    doh.setService(APP, { target: HOST, port: recipient.port });
    doh.behaviour = null;
  });

  afterEach(() => recipient[Symbol.asyncDispose]());

  it('posts it whole, with its media type, to where the SRV record says', async () => {
    await using client = new Setting(doh);
    assert.deepEqual(await client.post(), { outcome: 'delivered' });
    const [request] = recipient.received;
    assert.equal(request?.method, 'POST');
    assert.equal(request?.path, '/');
    assert.equal(request?.headers['content-type'], 'application/vnd.awala.parcel');
    assert.equal(request?.headers['content-length'], String(PARCEL.length));
    assert.equal(request?.headers.host, `${HOST}:${recipient.port}`);
    assert.deepEqual(request?.body, PARCEL);
  });

  for (const status of [307, 308]) {
    it(`follows up to three redirects (${status})`, async () => {
      await using client = new Setting(doh);
      recipient.behaviour = (response, { path }) => {
        const hops = Number(path?.slice(1) || 0);
        response.writeHead(hops < 3 ? status : 202, { location: `/${hops + 1}` }).end();
      };
      assert.deepEqual(await client.post(), { outcome: 'delivered' });
      assert.deepEqual(
        recipient.received.map(({ path, body }) => `${path} ${body}`),
        ['/ a parcel', '/1 a parcel', '/2 a parcel', '/3 a parcel'],
      );
    });
  }

  it('gives up in a loop of redirects', async () => {
    await using client = new Setting(doh);
    recipient.behaviour = answers(307, { location: '/' });
    assertFailed(await client.post(), 'REDIRECT');
    assert.equal(recipient.received.length, 4);
  });

  for (const [name, location] of [
    ['no location', undefined],
    ['a location that is no URL', 'http://['],
    ['a file', 'file:///etc/passwd'],
    ['another protocol', 'ftp://pdc.app.example/'],
    ['credentials', 'http://user:password@pdc.app.example:8080/'],
    ['the port of another protocol', 'http://pdc.app.example:25/'],
    ['the port of SSH', 'http://pdc.app.example:22/'],
  ] as const) {
    it(`does not follow a redirect to ${name}`, async () => {
      await using client = new Setting(doh);
      recipient.behaviour = answers(307, location === undefined ? {} : { location });
      assertFailed(await client.post(), 'REDIRECT');
    });
  }

  it('follows no other status of redirection', async () => {
    await using client = new Setting(doh);
    recipient.behaviour = answers(302, { location: '/elsewhere' });
    assertFailed(await client.post(), 'http-302', 'up');
    assert.equal(recipient.received.length, 1);
  });

  it('takes the status for the answer, whatever the body does', async () => {
    await using client = new Setting(doh);
    const chunk = Buffer.alloc(65_536);
    recipient.behaviour = (response) => {
      response.writeHead(202);
      const write = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', write);
      write();
    };
    assert.deepEqual(await client.post(), { outcome: 'delivered' });
    recipient.behaviour = (response) => {
      response.writeHead(403);
      response.write('{');
    };
    assert.deepEqual(await client.post(), { outcome: 'refused', reason: 'http-403' });
  });

  it('cuts off a body that trickles', async () => {
    await using client = new Setting(doh);
    const closed = Promise.withResolvers<void>();
    recipient.behaviour = (response) => {
      response.writeHead(202);
      response.write('.');
      response.once('close', () => closed.resolve());
    };
    await client.post();
    client.clock.advance(5_000);
    await closed.promise;
  });

  it('gives up on a host that never answers', async () => {
    await using client = new Setting(doh);
    recipient.behaviour = () => client.clock.advance(5_000);
    assertFailed(await client.post(), 'DEADLINE');
  });

  it('gives up on a host that sends its headers octet by octet', async () => {
    await using client = new Setting(doh);
    await using tarpit = await RawServer.start((socket) => {
      socket.write('HTTP/1.1 202 A');
      socket.once('data', () => client.clock.advance(5_000));
    });
    doh.setService(APP, { target: HOST, port: tarpit.port });
    assertFailed(await client.post(), 'DEADLINE');
  });

  it('gives up on endless headers', async () => {
    await using client = new Setting(doh);
    recipient.behaviour = answers(202, { 'x-long': 'x'.repeat(100_000) });
    assertFailed(await client.post(), 'UND_ERR_HEADERS_OVERFLOW');
  });

  it('takes ten interim answers, and gives up on more', async () => {
    await using client = new Setting(doh);
    for (const [count, check] of [
      [10, (answer: DeliveryAnswer) => assert.deepEqual(answer, { outcome: 'delivered' })],
      [11, (answer: DeliveryAnswer) => assertFailed(answer, 'INTERIM_ANSWERS')],
    ] as const) {
      recipient.behaviour = (response) => {
        for (let index = 0; index < count; index++) {
          response.writeProcessing();
        }
        response.writeHead(202).end();
      };
      check(await client.post());
    }
  });

  it('fails where nobody listens, and where the connection is cut', async () => {
    await using client = new Setting(doh);
    recipient.behaviour = (response) => {
      response.destroy();
    };
    assertFailed(await client.post(), 'UND_ERR_SOCKET');
    const port = await closedPort();
    doh.setService('closed.example', { target: HOST, port });
    assertFailed(await client.post('closed.example'), 'ECONNREFUSED');
  });

  it('tries another of several hosts the next time', async () => {
    await using client = new Setting(doh);
    const port = await closedPort();
    doh.setService(
      APP,
      { target: HOST, port, priority: 1 },
      { target: HOST, port: recipient.port, priority: 2 },
    );
    assertFailed(await client.post(APP, 1), 'ECONNREFUSED');
    assert.deepEqual(await client.post(APP, 2), { outcome: 'delivered' });
  });

  it('ends when it is told to', async () => {
    await using client = new Setting(doh);
    const aborter = new AbortController();
    const reason = new Error('stop');
    recipient.behaviour = () => aborter.abort(reason);
    await assert.rejects(client.post(APP, 1, aborter.signal), reason);
  });

  describe('over TLS', () => {
    let tls: TlsCertificate;
    let secure: RecipientServer;

    beforeEach(async () => {
      tls ??= selfSigned({ names: [HOST] });
      secure = await RecipientServer.start(tls);
      doh.setService(APP, { target: HOST, port: secure.port });
    });

    afterEach(() => secure[Symbol.asyncDispose]());

    const openSecureClient = () =>
      new Setting(doh, { useTls: true, trustedAuthorities: tls.chain });

    it('reaches a host whose certificate is for the name in the SRV record', async () => {
      await using client = openSecureClient();
      assert.deepEqual(await client.post(), { outcome: 'delivered' });
    });

    it('does not follow a redirect to plain HTTP', async () => {
      await using client = openSecureClient();
      secure.behaviour = answers(307, { location: recipient.url(HOST) });
      assertFailed(await client.post(), 'REDIRECT');
      assert.equal(recipient.connections, 0);
    });

    it('sends nothing to a host that does not speak TLS', async () => {
      await using client = openSecureClient();
      doh.setService('plain.example', { target: HOST, port: recipient.port });
      assert.equal((await client.post('plain.example')).outcome, 'failed');
      assert.equal(recipient.received.length, 0);
    });

    it('sends nothing to a host with another certificate', async () => {
      await using impostor = await RecipientServer.start(selfSigned({ names: ['other.example'] }));
      await using client = openSecureClient();
      doh.setService('taken.example', { target: HOST, port: impostor.port });
      assert.equal((await client.post('taken.example')).outcome, 'failed');
      assert.equal(impostor.received.length, 0);
    });

    it('gives up on a host that never ends the handshake', async () => {
      await using silent = await RawServer.start();
      doh.setService('silent.example', { target: HOST, port: silent.port });
      await using client = new Setting(doh, { useTls: true, connectTimeoutMs: 50 });
      assertFailed(await client.post('silent.example'), 'UND_ERR_CONNECT_TIMEOUT');
    });
  });

  describe('to what is not on the public Internet', () => {
    const forbidden = [
      ['a loopback address', '127.0.0.1'],
      ['another loopback address', '127.8.8.8'],
      ['the IPv6 loopback address', '::1'],
      ['all interfaces', '0.0.0.0'],
      ['an IPv4-mapped address', '::ffff:127.0.0.1'],
      ['the metadata service', '169.254.169.254'],
      ['a private network', '10.0.0.1'],
      ['a unique local address', 'fd00::1'],
    ] as const;

    for (const [name, address] of forbidden) {
      it(`does not connect when the host resolves to ${name}`, async () => {
        await using client = new Setting(doh, { permits: isPublicAddress });
        doh.setAddress('inside.example', address);
        doh.setService(APP, { target: 'inside.example', port: recipient.port });
        assertFailed(await client.post(), 'FORBIDDEN_ADDRESS');
        assert.equal(recipient.connections, 0);
      });
    }

    for (const address of ['127.0.0.1', 'app.localhost']) {
      it(`does not connect to the Internet address ${address}`, async () => {
        await using client = new Setting(doh, { permits: isPublicAddress });
        assertFailed(await client.post(address), 'FORBIDDEN_ADDRESS');
      });
    }

    const hosts = ['127.0.0.2', '[::1]', '[::ffff:7f00:1]', '2130706434', '0x7f.2', '0'];
    for (const host of hosts) {
      it(`does not follow a redirect to http://${host}`, async () => {
        await using client = new Setting(doh, { permits: (address) => address === '127.0.0.1' });
        recipient.behaviour = answers(307, { location: recipient.url(host) });
        assertFailed(await client.post(), 'FORBIDDEN_ADDRESS');
        assert.equal(recipient.received.length, 1);
      });
    }

    it('looks a host up once for the check and the connection', async () => {
      await using client = new Setting(doh);
      doh.queries.length = 0;
      await client.post();
      assert.deepEqual(doh.queries.sort(), [
        `A ${HOST}`,
        `AAAA ${HOST}`,
        `SRV _awala-pdc._tcp.${APP}`,
      ]);
    });
  });

  it('does not blame the destination if names cannot be resolved', async () => {
    await using doh = await DohServer.start();
    doh.behaviour = (_, response) => response.writeHead(503).end();
    await using client = new Setting(doh);
    assertFailed(await client.post(), 'DNS_UNAVAILABLE', 'unknown');
  });
});
