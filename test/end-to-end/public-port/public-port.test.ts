import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectPlainly } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { MAX_PARCEL_OCTETS } from '#awala/limits.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { HANDSHAKE_LIMITS } from '#services/edge/limits.ts';
import { parcelOn } from '#test/builders/road.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { Phone } from '#test/peers/phone.ts';
import { ALPN, connectOverTls, TlsTunnel } from '#test/peers/tls-tunnel.ts';
import { until } from '#test/runtime/until.ts';
import { GatewayUnderTest } from '../support/gateway-under-test.ts';
import { RawClient } from '../support/raw-client.ts';
import { CertificateFiles } from './certificate-files.ts';

const SECONDS_BETWEEN_LOOKS = 60;
const PROXY = '127.0.0.2';

describe('the public port', () => {
  const opened = new AsyncDisposableStack();
  const clock = new ManualClock(new Date());
  let files: CertificateFiles;
  let gateway: GatewayUnderTest;
  let target: { readonly port: number; readonly root: string };
  let plainPort: number;

  before(async () => {
    files = opened.use(await CertificateFiles.make());
    gateway = opened.use(
      await GatewayUnderTest.start({ clock }, { ...files.environment, TRUSTED_PROXIES: PROXY }),
    );
    const { https = 0, http = 0 } = gateway.running.listening;
    target = { port: https, root: files.authority.root };
    plainPort = http;
  });
  after(() => opened.disposeAsync());

  async function client(protocols: readonly string[] = ALPN.okHttp): Promise<RawClient> {
    return new RawClient(await connectOverTls({ ...target, protocols }));
  }

  /** A port for the clients of other tests. */
  async function tunnel(): Promise<TlsTunnel> {
    return TlsTunnel.start(target);
  }

  for (const [whose, protocols] of Object.entries({
    OkHttp: ALPN.okHttp,
    'the JavaScript WebSocket': ALPN.nothing,
    'an HTTP client': ['http/1.1'],
  })) {
    it(`speaks HTTP/1.1 with what offers the protocols of ${whose}`, async () => {
      using http = await client(protocols);
      await http.write('GET /connection-params.der HTTP/1.1\r\nHost: gateway.example\r\n\r\n');
      assert.equal(await http.status(), 200);
    });
  }

  it('speaks HTTP/2 with what offers nothing else, for couriers only', async () => {
    const socket = await connectOverTls({ ...target, protocols: ALPN.courier });
    assert.equal(socket.alpnProtocol, 'h2');
    const session = connectHttp2('https://gateway.example', { createConnection: () => socket });
    const request = session.request({ ':path': '/connection-params.der' });
    const [headers] = await once(request, 'response');
    // Whatever this is, it is no connection parameters.
    assert.notEqual(headers[':status'], 200);
    session.destroy();
  });

  it('ends the handshake with those who speak neither', async () => {
    const speaking = connectOverTls({ ...target, protocols: ['spdy/3.1'] });
    await assert.rejects(speaking, { code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' });
  });

  it('shows the certificate of its files', async () => {
    const socket = await connectOverTls(target);
    assert.equal(socket.getPeerCertificate().subject.CN, 'gateway.example');
    socket.destroy();
  });

  it('leads each request of a connection to the server that it is for', async () => {
    await using near = await tunnel();
    using http = new HttpClient(near.port);
    const answers = [
      await http.post('/', {
        headers: { 'content-type': PARCEL_TYPE },
        body: parcelOn(await gateway.road()),
      }),
      await http.get('/connection-params.der?a=b'),
      // PoWeb's; PoHTTP would answer 415.
      await http.post('/v1/pre-registrations', { headers: { 'content-type': 'text/plain' } }),
      await http.head('/'),
    ];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [202, 200, 400, 200],
    );
    assert.equal(new Set(answers.map(({ connection }) => connection)).size, 1);
  });

  it('takes and gives the largest parcel, to a phone that registered there', async () => {
    await using near = await tunnel();
    const phone = await Phone.register(near.port, 'large', clock.now());
    const small = await phone.parcel({ createdAt: clock.now(), payload: Buffer.alloc(0) });
    const free = MAX_PARCEL_OCTETS - small.length - 64;
    const parcel = await phone.parcel({ createdAt: clock.now(), payload: Buffer.alloc(free) });
    await phone.deliver(parcel);
    using collector = await phone.collect();
    const delivery = await collector.next();
    assert.ok(Buffer.from(delivery.parcel).equals(parcel));
    collector.acknowledge(delivery);
    await gateway.untilEmpty(phone.phone);
  });

  it('knows the address of each client, and believes the headers of a trusted proxy only', async () => {
    for (const [localAddress, id] of [
      [PROXY, 'of-the-proxy'],
      ['127.0.0.3', 'of-a-stranger'],
    ] as const) {
      using http = new RawClient(await connectOverTls({ ...target, localAddress }));
      await http.write(`HEAD / HTTP/1.1\r\nHost: a\r\nX-Request-Id: ${id}\r\n\r\n`);
      assert.equal(await http.status(), 200);
    }
    await until(() => gateway.logged.some((line) => line.includes('"request":"of-the-proxy"')));
    assert.ok(!gateway.logged.some((line) => line.includes('of-a-stranger')));
  });

  it('answers what is no HTTP as the servers behind it do', async () => {
    using http = await client();
    await http.write('nonsense\r\n\r\n');
    assert.equal(await http.status(), 400);
    assert.match(await http.rest(), /Bad Request/);
  });

  it('does not serve one protocol’s paths on the plain port of the other', async () => {
    using poweb = new HttpClient(gateway.poweb);
    const answer = await poweb.post('/', { headers: { 'content-type': PARCEL_TYPE } });
    assert.equal(answer.status, 405);
  });

  it('sends whoever comes without TLS to the name in the certificate, and nowhere else', async () => {
    using http = new HttpClient(plainPort);
    const { status, headers } = await http.send('GET', '/some?where', {
      host: 'elsewhere.example',
    });
    assert.equal(status, 308);
    assert.equal(headers.location, 'https://gateway.example/some?where');
    for (const [request, location] of [
      ['GET http://elsewhere.example/some?where', 'https://gateway.example/some?where'],
      ['GET http://elsewhere.example', 'https://gateway.example/'],
      ['OPTIONS *', 'https://gateway.example/'],
    ]) {
      const raw = connectPlainly(plainPort, '127.0.0.1');
      raw.end(`${request} HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n`);
      const answer = String(Buffer.concat(await raw.toArray()));
      assert.equal(/^location: (.*)$/im.exec(answer)?.[1], location);
    }
  });

  it('cuts connections that do not finish the handshake', async () => {
    const idle = connectPlainly(target.port, '127.0.0.1');
    idle.on('error', () => {});
    await once(idle, 'connect');
    // So that the server has accepted the one before.
    (await connectOverTls(target)).destroy();
    clock.advance(HANDSHAKE_LIMITS.timeoutMs);
    idle.resume();
    await once(idle, 'close');
    using http = await client();
    await http.write('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal(await http.status(), 200);
  });

  it('shows another certificate as soon as its files have it, and cuts nobody', async () => {
    await using near = await tunnel();
    const phone = await Phone.register(near.port, 'steady', clock.now());
    using collector = await phone.collect();
    await collector.roundTrip();
    const next = files.authority.issue({ expiresAt: new Date('2040-01-01T00:00:00Z') });
    await files.write({ ...next, chain: files.authority.issue().chain });
    await gateway.pass(SECONDS_BETWEEN_LOOKS, () => collector.roundTrip());
    await until(() => gateway.logged.some((line) => line.includes('not that of the first')));
    assert.notEqual(await expiryShown(), next.expiresAt.getTime());
    await files.write(next);
    await gateway.pass(SECONDS_BETWEEN_LOOKS, () => collector.roundTrip());
    await until(async () => (await expiryShown()) === next.expiresAt.getTime());
    const parcel = await phone.parcel({ createdAt: clock.now() });
    await phone.deliver(parcel);
    assert.deepEqual(Buffer.from((await collector.next()).parcel), Buffer.from(parcel));
  });

  async function expiryShown(): Promise<number> {
    const socket = await connectOverTls(target);
    const { valid_to: end } = socket.getPeerCertificate();
    socket.destroy();
    return Date.parse(end);
  }
});
