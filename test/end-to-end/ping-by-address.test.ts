import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, mkdtempDisposable, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { createServer } from 'node:tls';
import type { TlsCertificate } from '#certificates/port.ts';
import { pingCommand } from '#services/standalone/commands/ping.ts';
import { freePort } from '#test/backing/free-ports.ts';
import { selfSigned } from '#test/builders/tls-certificates.ts';
import { type RunningGateway, startGateway } from '#test/interop/support/running-gateway.ts';
import { DohServer, type Zone } from '#test/peers/doh-server.ts';
import { TlsFront } from '#test/services/tls-front.ts';
import { RawServer } from './internet-delivery/raw-server.ts';
import { CertificateFiles } from './public-port/certificate-files.ts';
import { runCommand } from './support/run-command.ts';

const ADDRESS = 'gateway.example';
const HOST = `host.${ADDRESS}`;
const DAY_MS = 86_400_000;
const NAMES = {
  gsc: `_awala-gsc._tcp.${ADDRESS}`,
  crc: `_awala-crc._tcp.${ADDRESS}`,
  pdc: `_awala-pdc._tcp.${ADDRESS}`,
};

describe('ping, given an Awala address', () => {
  const opened = new AsyncDisposableStack();
  let folder: string;
  let gateway: RunningGateway;
  let doh: DohServer;
  let certificate: TlsCertificate;
  let ports: Readonly<Record<'gsc' | 'crc' | 'pdc', number>>;

  const front = async (
    backend: number,
    options: { certificate?: TlsCertificate; h2?: boolean } = {},
  ) => {
    const protocols = [options.h2 ? 'h2' : 'http/1.1'];
    return TlsFront.start({ certificate: options.certificate ?? certificate, protocols, backend });
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'awala-ping-'));
    certificate = selfSigned({ names: [HOST] });
    await writeFile(join(folder, 'ca.pem'), certificate.chain);
    doh = opened.use(await DohServer.start());
    gateway = opened.use(await startGateway({}, { INTERNET_ADDRESS: ADDRESS }));
    const { poweb, cogrpc, pohttp } = gateway.listening;
    ports = {
      gsc: opened.use(await front(poweb)).port,
      crc: opened.use(await front(cogrpc, { h2: true })).port,
      pdc: opened.use(await front(pohttp)).port,
    };
  });
  beforeEach(() => doh.setGateway(ADDRESS, ports));
  after(async () => {
    await opened.disposeAsync();
    await rm(folder, { recursive: true });
  });

  async function ping(address = ADDRESS, trust = ['--ca', join(folder, 'ca.pem')]) {
    const lines: string[] = [];
    const print = (line: string) => lines.push(line);
    const args = [address, '--resolver', doh.url.href, ...trust];
    const code = await pingCommand.run({ args, environment: {}, print });
    const text = lines.join('\n');
    return { code, text, failed: lines.filter((line) => line.startsWith('Failed at: ')) };
  }

  /** What fails once the record for phones is another. */
  async function pingWith(name: keyof typeof NAMES, zone: Zone) {
    doh.set('SRV', NAMES[name], zone);
    const { code, text, failed } = await ping();
    assert.equal(code, 1, text);
    assert.equal(failed.length, 1, text);
    return `${failed[0]}\n${text}`;
  }

  function leadingTo(name: keyof typeof NAMES, port: number, target = HOST): Zone {
    const answers = [{ type: 'SRV', name: NAMES[name], ttl: 60, data: { target, port } } as const];
    return { isAuthentic: true, answers };
  }

  it('finds each service by its SRV record, and takes its road over TLS', async () => {
    const { code, text } = await ping();
    assert.equal(code, 0, text);
    assert.match(text, new RegExp(`✓ DNS for phones .*${HOST}:${ports.gsc}\n`));
    assert.match(
      text,
      /✓ connection for phones .*, TLSv1\.3, certificate by host\.gateway\.example/,
    );
    assert.match(text, /✓ parcel collected by courier/);
    assert.match(text, /✓ parcel posted by an app/);
    assert.ok(doh.queries.includes(`SRV ${NAMES.crc}`));
  });

  it('takes an address as people write it', async () => {
    const { code, text } = await ping('Gateway.EXAMPLE.');
    assert.equal(code, 0, text);
  });

  it('asks for letters beyond ASCII as the DNS has them', async () => {
    const { text } = await ping('gateway.bücher.example');
    assert.match(text, /there is no SRV record _awala-gsc\._tcp\.gateway\.xn--bcher-kva\.example/);
  });

  it('looks nowhere else where there is no record for phones', async () => {
    doh.setAddress(ADDRESS, '127.0.0.1');
    const text = await pingWith('gsc', { rcode: 'NXDOMAIN' });
    assert.match(text, /^Failed at: DNS for phones: there is no SRV record _awala-gsc\._tcp\./);
    assert.match(
      text,
      /→ Add this record .*_awala-gsc\._tcp\.gateway\.example\. 3600 IN SRV 0 0 443/,
    );
    assert.match(text, /✓ connection for couriers/);
  });

  it('goes on without a record for Internet apps as they do, by the address itself', async () => {
    doh.set('SRV', NAMES.pdc, { rcode: 'NXDOMAIN' });
    const { text } = await ping();
    assert.match(text, /✓ DNS for Internet apps .*gateway\.example:443 \(no SRV record/);
  });

  it('says that DNSSEC is missing where Internet apps demand it, and only there', async () => {
    doh.set('SRV', NAMES.gsc, { ...leadingTo('gsc', ports.gsc), isAuthentic: false });
    const text = await pingWith('pdc', { ...leadingTo('pdc', ports.pdc), isAuthentic: false });
    assert.match(
      text,
      /^Failed at: DNS for Internet apps: DNSSEC does not prove _awala-pdc\._tcp\./,
    );
    assert.match(text, /→ Turn DNSSEC on .*put the DS record/);
  });

  it('says that the DNS fails, for which broken DNSSEC is a usual cause', async () => {
    const text = await pingWith('crc', { rcode: 'SERVFAIL' });
    assert.match(text, /^Failed at: DNS for couriers: the DNS resolver answers SERVFAIL/);
    assert.match(text, /→ .*DS record at the registrar/);
  });

  it('follows no alias, and takes no record that leads nowhere', async () => {
    const alias = { type: 'CNAME', name: NAMES.gsc, ttl: 60, data: 'other.example' } as const;
    const srv = leadingTo('gsc', ports.gsc).answers ?? [];
    assert.match(
      await pingWith('gsc', { answers: [alias, ...srv] }),
      /^Failed at: DNS for phones: _awala-gsc\._tcp\.gateway\.example is a CNAME/,
    );
    assert.match(await pingWith('gsc', leadingTo('gsc', 0, '.')), /leads to “\.” port 0/);
  });

  it('says that the host of a record does not exist', async () => {
    const text = await pingWith('gsc', leadingTo('gsc', ports.gsc, 'absent.gateway.example'));
    assert.match(text, /^Failed at: connection for phones: there is no host absent\./);
    assert.match(text, /→ Add an A record/);
  });

  it('names what is wrong with a connection', async () => {
    const { poweb, cogrpc } = gateway.listening;
    const yesterday = new Date(Date.now() - DAY_MS);
    const past = selfSigned({ names: [HOST], validFrom: new Date(0), expiresAt: yesterday });
    await using expired = await front(poweb, { certificate: past });
    await using http1 = await front(cogrpc);
    await using bare = createServer().listen(0, '127.0.0.1');
    await once(bare, 'listening');
    await using deaf = await RawServer.start((socket) => socket.destroy());
    const untrusting = join(folder, 'ca.pem');
    await writeFile(untrusting, `${certificate.chain}${past.chain}`);
    const cases = [
      ['gsc', await freePort(), /127\.0\.0\.1 refuses connections on port/],
      ['gsc', expired.port, /the certificate of host\.gateway\.example has expired/],
      ['gsc', poweb, /does not speak TLS on port/],
      [
        'gsc',
        (bare.address() as AddressInfo).port,
        /phones: what listens there has no certificate for host\.gateway\.example yet$/m,
      ],
      ['gsc', deaf.port, /closes connections on port/],
      ['crc', http1.port, /does not take HTTP\/2 \(ALPN h2\) on port/],
    ] as const;
    for (const [name, port, cause] of cases) {
      doh.setGateway(ADDRESS, ports);
      assert.match(await pingWith(name, leadingTo(name, port)), cause);
    }
  });

  it('names a certificate of another name', async () => {
    const wrong = selfSigned({ names: ['other.example'] });
    await using other = await front(gateway.listening.poweb, { certificate: wrong });
    const path = join(folder, 'both.pem');
    await writeFile(path, `${certificate.chain}${wrong.chain}`);
    doh.set('SRV', NAMES.gsc, leadingTo('gsc', other.port));
    const { failed } = await ping(ADDRESS, ['--ca', path]);
    assert.deepEqual(failed, [
      'Failed at: connection for phones: the certificate is not for host.gateway.example, but for other.example',
    ]);
  });

  it('trusts no certificate of an authority of one’s own unless told so', async () => {
    const { text, failed } = await ping(ADDRESS, []);
    assert.equal(failed.length, 3);
    for (const line of failed) {
      assert.match(line, /no authority that clients trust vouches for .*\(\w+_\w+\)$/);
    }
    assert.match(text, /→ Get a certificate from a public authority .*--ca FILE/);
  });

  it('says that the gateway there has another address', async () => {
    doh.setGateway('other.example', ports);
    doh.setAddress('host.other.example', '127.0.0.1');
    for (const [name, port] of Object.entries(ports)) {
      const record = `_awala-${name}._tcp.other.example`;
      const answers = [
        { type: 'SRV', name: record, ttl: 60, data: { target: HOST, port } } as const,
      ];
      doh.set('SRV', record, { isAuthentic: true, answers });
    }
    const { failed } = await ping('other.example');
    assert.match(
      failed[0] ?? '',
      /connection parameters: the gateway there is gateway\.example, not other\.example/,
    );
  });

  it('reaches a gateway that has an IPv6 address only', async () => {
    await using six = await TlsFront.start({
      certificate,
      protocols: ['http/1.1'],
      backend: gateway.listening.poweb,
      host: '::1',
    });
    doh.setGateway(ADDRESS, ports, 'host4.gateway.example');
    doh.set('SRV', NAMES.gsc, leadingTo('gsc', six.port));
    doh.set('A', HOST, {});
    doh.setAddress(HOST, '::1');
    try {
      const { text } = await ping();
      assert.match(text, /✓ connection for phones .*\[::1\]:/);
      assert.match(text, /✓ parcel collected/);
    } finally {
      doh.set('AAAA', HOST, {});
    }
  });

  it('asks a resolver whose authority is one’s own', async () => {
    const own = selfSigned({ names: ['localhost'] });
    await using resolver = await DohServer.start(own);
    const path = join(folder, 'resolver.pem');
    await writeFile(path, own.chain);
    const args = (trust: readonly string[]) => [ADDRESS, '--resolver', resolver.url.href, ...trust];
    const { text } = await runCommand('ping', {}, args(['--ca', path]));
    assert.match(text, /there is no SRV record _awala-gsc/);
    const { text: untrusting } = await runCommand('ping', {}, args([]));
    assert.match(untrusting, /✗ DNS for phones .*the DNS resolver did not answer .*certificate/);
  });

  it('says that the resolver does not answer', async () => {
    doh.behaviour = (_, response) => response.destroy();
    try {
      const { failed } = await ping();
      assert.match(failed[0] ?? '', /DNS for phones: the DNS resolver did not answer/);
    } finally {
      doh.behaviour = null;
    }
  });
});

describe('ping, given the address of a gateway that ends TLS itself', () => {
  it('takes every road through its one port', async () => {
    await using files = await CertificateFiles.make();
    await using doh = await DohServer.start();
    await using gateway = await startGateway(
      {},
      { ...files.environment, INTERNET_ADDRESS: ADDRESS },
    );
    const { https: port = 0 } = gateway.listening;
    doh.setGateway(ADDRESS, { gsc: port, crc: port, pdc: port }, ADDRESS);
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-ping-'));
    const ca = join(folder.path, 'ca.pem');
    await writeFile(ca, files.authority.root);
    const args = [ADDRESS, '--resolver', doh.url.href, '--ca', ca];
    const { code, text } = await runCommand('ping', {}, args);
    assert.equal(code, 0, text);
    assert.match(text, /✓ acknowledged by courier/);
    assert.match(text, /✓ parcel posted by an app/);
  });
});
