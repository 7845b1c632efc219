import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createLog } from '#runtime/logging.ts';
import { missingProgram } from '#test/backing/backing.ts';
import { freePort } from '#test/backing/free-ports.ts';
import { obtainCaddy, obtainHaproxy, obtainNginx } from '#test/backing/programs.ts';
import { TlsAuthority } from '#test/builders/tls-certificates.ts';
import { describeClientsOverTls } from '#test/interop/support/clients-over-tls.ts';
import { startGateway } from '#test/interop/support/running-gateway.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { Phone, postingOf } from '#test/peers/phone.ts';
import { TlsTunnel } from '#test/peers/tls-tunnel.ts';
import { missingForServices } from '#test/services/cloud-gateway.ts';
import { startFiveServices } from '#test/services/five-services.ts';
import { trustInThisProcess } from '../public-port/certificate-files.ts';
import { type ProxyProgram, startProxy } from './proxy-process.ts';

const [caddy, haproxy, nginx] = [await obtainCaddy(), await obtainHaproxy(), await obtainNginx()];
const authority = new TlsAuthority();
const certificate = authority.issue();

const PROXIES: Readonly<
  Record<
    string,
    Pick<ProxyProgram, 'configuration' | 'adapt' | 'args'> & {
      readonly found: typeof caddy;
      /** Where it leads who comes without TLS and asks for another name. */
      readonly leadsTo: string;
    }
  >
> = {
  Caddy: {
    found: caddy,
    // By itself, as it may have other sites.
    leadsTo: 'other.example',
    configuration: 'proxies/Caddyfile',
    adapt: (text, { folder, certificate: file, key, https, http }) =>
      `{\n\tadmin off\n\thttp_port ${http}\n\thttps_port ${https}\n\tstorage file_system ${folder}\n}\n${text.replace(
        'gateway.example.org {',
        `gateway.example, localhost, 127.0.0.1 {\n\ttls ${file} ${key}`,
      )}`,
    args: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
  },
  HAProxy: {
    found: haproxy,
    leadsTo: 'localhost',
    configuration: 'proxies/haproxy.cfg',
    adapt: (text, { both, https, http }) =>
      text
        .replace('maxconn 25000', 'maxconn 500')
        .replace('bind :443', `bind 127.0.0.1:${https}`)
        .replace('bind :80', `bind 127.0.0.1:${http}`)
        .replace('/etc/haproxy/gateway.pem', both)
        .replace('gateway.example.org', 'localhost'),
    args: (file) => ['-db', '-f', file],
  },
  nginx: {
    found: nginx,
    leadsTo: 'localhost',
    configuration: 'proxies/nginx.conf',
    adapt: (text, { folder, certificate: file, key, https, http }) => {
      const server = text
        .replaceAll(/listen \[::\].*;/g, '')
        .replace('listen 443', `listen 127.0.0.1:${https}`)
        .replace('listen 80', `listen 127.0.0.1:${http}`)
        .replaceAll('gateway.example.org', 'localhost gateway.example')
        .replace('/etc/nginx/gateway.crt', file)
        .replace('/etc/nginx/gateway.key', key);
      const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (what) => `${what}_temp_path ${folder}/${what};`,
      );
      return [
        `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr;`,
        'events {}',
        `http { access_log off; ${places.join(' ')}`,
        server,
        '}',
      ].join('\n');
    },
    args: (file, folder) => ['-p', folder, '-e', 'stderr', '-c', file],
  },
};

function digestOf(parcel: Uint8Array): string {
  return createHash('sha256').update(parcel).digest('hex');
}

for (const [name, { found, leadsTo, ...program }] of Object.entries(PROXIES)) {
  const skip = missingProgram(found);
  const path = 'path' in found ? found.path : '';

  async function start() {
    await using opened = new AsyncDisposableStack();
    trustInThisProcess(authority);
    const logged: string[] = [];
    const log = createLog(
      { level: 'debug', format: 'json' },
      { write: (line) => void logged.push(line) },
    );
    const gateway = opened.use(
      await startGateway({ log }, { TRUSTED_PROXIES: '127.0.0.1', LOG_LEVEL: 'debug' }),
    );
    const { poweb, pohttp, cogrpc } = gateway.listening;
    const ports = { '127.0.0.1:8080': poweb, '127.0.0.1:8081': pohttp, '127.0.0.1:8082': cogrpc };
    const proxy = opened.use(await startProxy({ ...program, path }, ports, certificate));
    const closing = opened.move();
    return {
      port: proxy.port,
      plainPort: proxy.plainPort,
      root: authority.root,
      logged,
      [Symbol.asyncDispose]: () => closing.disposeAsync(),
    };
  }

  describeClientsOverTls(`of ${name}`, { skip, start });

  describe(`${name} before a gateway`, { skip }, () => {
    it('keeps phones and Internet apps waiting while the gateway restarts', async () => {
      await using data = await mkdtempDisposable(join(tmpdir(), 'awala-restarted-'));
      const [poweb, pohttp] = [await freePort(), await freePort()];
      const environment = {
        DATA_DIR: data.path,
        POWEB_PORT: `${poweb}`,
        POHTTP_PORT: `${pohttp}`,
      };
      const ports = { '127.0.0.1:8080': poweb, '127.0.0.1:8081': pohttp, '127.0.0.1:8082': 9 };
      trustInThisProcess(authority);
      await using proxy = await startProxy({ ...program, path }, ports, certificate);
      const target = { port: proxy.port, root: authority.root, name: 'localhost' };
      await using tunnel = await TlsTunnel.start({ ...target, protocols: ['http/1.1'] });
      let phone: Phone;
      let stored: Uint8Array;
      {
        await using _former = await startGateway({}, environment);
        phone = await Phone.register(tunnel.port);
        stored = await phone.deliver();
      }
      using client = new HttpClient(tunnel.port, { maxSockets: 3 });
      const large = await phone.parcel({ payload: Buffer.alloc(2 * 1_024 * 1_024) });
      const posted = await phone.parcel();
      const toPohttp = { headers: { 'content-type': PARCEL_TYPE }, body: posted };
      const answered = Promise.all([
        client.get('/connection-params.der'),
        client.post('/v1/parcels', await postingOf(large, phone.phone)),
        client.post('/', toPohttp),
      ]);
      const collecting = phone.collect(tunnel.port);
      // So that the proxy has found nobody, once at least.
      await Promise.race([answered, collecting, pause(1_500)]);
      await using _gateway = await startGateway({}, environment);
      const statuses = (await answered).map(({ status }) => status);
      assert.deepEqual(statuses, [200, 202, 202]);
      using collector = await collecting;
      const sent = [stored, large, posted];
      const received: string[] = [];
      while (received.length < sent.length) {
        received.push(digestOf((await collector.next()).parcel));
      }
      assert.deepEqual(received.sort(), sent.map(digestOf).sort());
    });

    it(`leads who comes without TLS, and asks for another name, to ${leadsTo}`, async () => {
      await using gateway = await start();
      using client = new HttpClient(gateway.plainPort);
      const { headers } = await client.send('GET', '/v1/parcels', { host: 'other.example' });
      const { host, pathname } = new URL(headers.location ?? '');
      assert.deepEqual({ host, pathname }, { host: leadsTo, pathname: '/v1/parcels' });
    });

    it('names each request, whatever the client called it, and sends who comes without TLS there', async () => {
      await using gateway = await start();
      const headers = { 'x-request-id': 'of-the-client' };
      const url = `https://localhost:${gateway.port}/connection-params.der`;
      assert.equal((await fetch(url, { headers })).status, 200);
      const line = gateway.logged.find((each) => each.includes('/connection-params.der')) ?? '{}';
      // Ids of its own are shorter.
      assert.match(JSON.parse(line).request, /^[0-9a-f-]{32,36}$/);
      const plainly = await fetch(`http://localhost:${gateway.plainPort}/v1/parcels?a`, {
        redirect: 'manual',
      });
      assert.equal(plainly.status, 308);
      assert.match(
        plainly.headers.get('location') ?? '',
        /^https:\/\/localhost.*\/v1\/parcels\?a$/,
      );
    });
  });
}

describeClientsOverTls('of HAProxy before five services, as deploy/compose has it', {
  skip: missingProgram(haproxy) || (await missingForServices()),
  async start() {
    await using opened = new AsyncDisposableStack();
    trustInThisProcess(authority);
    const { services } = opened.use(await startFiveServices());
    const program = {
      path: 'path' in haproxy ? haproxy.path : '',
      configuration: 'compose/haproxy.cfg',
      adapt: (text: string, { both, https, http }: { both: string; https: number; http: number }) =>
        text
          .replace('maxconn 25000', 'maxconn 500')
          .replace('bind :8443', `bind 127.0.0.1:${https}`)
          .replace('bind :8000', `bind 127.0.0.1:${http}`)
          .replace('/run/secrets/gateway.pem', both),
      args: (file: string) => ['-db', '-f', file],
    };
    const ports = {
      'poweb:8080': services.poweb.port,
      'collection:8083': services.collection.port,
      'pohttp:8081': services.pohttp.port,
      'cogrpc:8082': services.cogrpc.port,
    };
    const { port } = opened.use(await startProxy(program, ports, certificate));
    const closing = opened.move();
    return {
      port,
      root: authority.root,
      [Symbol.asyncDispose]: () => closing.disposeAsync(),
    };
  },
});
