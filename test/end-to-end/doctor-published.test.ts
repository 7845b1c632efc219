import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, mkdtempDisposable, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, beforeEach, describe, it } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsCertificate } from '#certificates/port.ts';
import { silentLog } from '#log/log.ts';
import { composeStandalone, type Standalone } from '#services/standalone/compose.ts';
import { readStandaloneConfig } from '#services/standalone/config.ts';
import { selfSigned } from '#test/builders/tls-certificates.ts';
import { DohServer } from '#test/peers/doh-server.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import { TlsFront } from '#test/services/tls-front.ts';
import { CertificateFiles } from './public-port/certificate-files.ts';
import { runCommand } from './support/run-command.ts';

const ADDRESS = 'gateway.example';
const HOST = `host.${ADDRESS}`;
const DAY_MS = 86_400_000;

describe('awala-gateway doctor, asked how the world finds a gateway', () => {
  const opened = new AsyncDisposableStack();
  let folder: string;
  let environment: Readonly<Record<string, string>>;
  let gateway: Standalone;
  let doh: DohServer;
  let certificate: TlsCertificate;
  let ports: Readonly<Record<'gsc' | 'crc' | 'pdc', number>>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'awala-doctor-'));
    certificate = selfSigned({ names: [HOST], expiresAt: new Date(Date.now() + 60 * DAY_MS) });
    await writeFile(join(folder, 'ca.pem'), certificate.chain);
    doh = opened.use(await DohServer.start());
    environment = {
      INTERNET_ADDRESS: ADDRESS,
      DATA_DIR: join(folder, 'data'),
      DOH_URL: doh.url.href,
      ...ANY_PORT,
    };
    const config = readStandaloneConfig(environment);
    gateway = opened.use(await composeStandalone(config, { log: silentLog }));
    const { poweb, cogrpc, pohttp, operations } = gateway.listening;
    environment = {
      ...environment,
      POWEB_PORT: `${poweb}`,
      COGRPC_PORT: `${cogrpc}`,
      POHTTP_PORT: `${pohttp}`,
      OPERATIONS_PORT: `${operations}`,
    };
    ports = {
      gsc: await front(poweb),
      crc: await front(cogrpc, { protocol: 'h2' }),
      pdc: await front(pohttp),
    };
  });
  beforeEach(() => doh.setGateway(ADDRESS, ports));
  after(async () => {
    await opened.disposeAsync();
    await rm(folder, { recursive: true });
  });

  async function front(
    backend: number,
    { protocol = 'http/1.1', shown = certificate } = {},
  ): Promise<number> {
    const options = { certificate: shown, protocols: [protocol], backend };
    return opened.use(await TlsFront.start(options)).port;
  }

  async function examine(differing: Readonly<Record<string, string>> = {}, ca = 'ca.pem') {
    const args = ['--resolver', doh.url.href, '--ca', join(folder, ca)];
    const { code, text } = await runCommand('doctor', { ...environment, ...differing }, args);
    const faults = [...text.matchAll(/^✗ .*\n.*\n.*$/gm)].map(([fault]) =>
      fault.replaceAll(/\s+/g, ' '),
    );
    return { code, text, faults };
  }

  it('finds nothing wrong where clients find this gateway', async () => {
    const { code, text } = await examine();
    assert.equal(code, 0, text);
    for (const seekers of ['phones', 'couriers', 'Internet apps']) {
      assert.match(text, new RegExp(`^✓ DNS for ${seekers} `, 'm'));
      assert.match(text, new RegExp(`^✓ way for ${seekers} +127\\.0\\.0\\.1:\\d+ answers$`, 'm'));
    }
    assert.match(text, /^✓ address +gateway\.example leads to this gateway$/m);
  });

  it('says who does not find it, and which record is missing', async () => {
    doh.set('SRV', `_awala-crc._tcp.${ADDRESS}`, { rcode: 'NXDOMAIN' });
    const { faults } = await examine();
    assert.equal(faults.length, 1);
    assert.match(
      faults[0] ?? '',
      /^✗ DNS for couriers there is no SRV record _awala-crc\._tcp\.gateway\.example Couriers can neither deliver nor collect cargo\. → Add this record/,
    );
  });

  it('says that DNSSEC is missing', async () => {
    const name = `_awala-pdc._tcp.${ADDRESS}`;
    const data = { target: HOST, port: ports.pdc };
    doh.set('SRV', name, { answers: [{ type: 'SRV', name, ttl: 60, data }] });
    const { faults } = await examine();
    assert.match(faults.join('\n'), /^✗ DNS for Internet apps DNSSEC does not prove /);
  });

  it('says that a certificate ends soon', async () => {
    const ending = selfSigned({ names: [HOST], expiresAt: new Date(Date.now() + 3.5 * DAY_MS) });
    await writeFile(join(folder, 'ending.pem'), ending.chain);
    const port = await front(gateway.listening.poweb, { shown: ending });
    doh.setGateway(ADDRESS, { ...ports, gsc: port });
    const { faults } = await examine({}, 'ending.pem');
    assert.match(faults[0] ?? '', /^✗ certificate host\.gateway\.example’s, by .*: 3 days Once it/);
  });

  it('says that the world finds another gateway', async () => {
    const other = { INTERNET_ADDRESS: 'other.example', DATA_DIR: join(folder, 'other') };
    for (const [service, port] of Object.entries(ports)) {
      const name = `_awala-${service}._tcp.other.example`;
      const data = { target: HOST, port };
      const answers = [{ type: 'SRV', name, ttl: 60, data } as const];
      doh.set('SRV', name, { isAuthentic: true, answers });
    }
    const { faults: named } = await examine({ INTERNET_ADDRESS: 'other.example' });
    assert.match(named.join('\n'), /^✗ address the gateway there calls itself gateway\.example /m);
    await runCommand('keygen', { ...environment, ...other });
    const { faults } = await examine({ DATA_DIR: other.DATA_DIR });
    assert.match(
      faults.join('\n'),
      /^✗ address the gateway there is another: node 0\w+, not 0\w+ /m,
    );
  });

  it('says that what listens has no certificate, without sending anybody to the doctor', async () => {
    await using bare = createTlsServer().listen(0, '127.0.0.1');
    await once(bare, 'listening');
    const { port } = bare.address() as AddressInfo;
    doh.setGateway(ADDRESS, { ...ports, gsc: port });
    const { faults } = await examine();
    assert.deepEqual(faults, [
      '✗ way for phones what listens there has no certificate for host.gateway.example yet Phones cannot register, send or collect. → If the gateway ends TLS, what is said here of “gateway” says why; if a proxy does, its log.',
    ]);
  });

  it('says which of several addresses does not answer', async () => {
    doh.set('A', HOST, {
      answers: ['127.0.0.1', '127.0.0.9'].map((data) => ({ type: 'A', name: HOST, ttl: 60, data })),
    });
    const { faults } = await examine();
    assert.match(
      faults[0] ?? '',
      /^✗ way for phones 127\.0\.0\.9 refuses connections .*ten seconds/,
    );
  });
});

describe('awala-gateway doctor, asked whether certificates can be renewed', () => {
  const variables = { INTERNET_ADDRESS: ADDRESS, CERTIFICATES: 'acme', ...ANY_PORT };

  it('names the address at which authorities do not reach the machine', async () => {
    await using doh = await DohServer.start();
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-doctor-'));
    const environment = { ...variables, DATA_DIR: folder.path, DOH_URL: doh.url.href };
    doh.setAddress(ADDRESS, '127.0.0.77');
    const args = ['--resolver', doh.url.href];
    const { text } = await runCommand('doctor', environment, args);
    assert.match(
      text,
      /^✗ port 80 +127\.0\.0\.77 refuses connections on port 80\n +The certificate/m,
    );
    doh.set('A', ADDRESS, {});
    assert.match(
      (await runCommand('doctor', environment, args)).text,
      /^✗ port 80 +there is no host gateway\.example$/m,
    );
  });

  it('finds that they reach it', { skip: process.getuid?.() !== 0 && 'takes root' }, async () => {
    await using doh = await DohServer.start();
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-doctor-'));
    const environment = { ...variables, DATA_DIR: folder.path, DOH_URL: doh.url.href };
    doh.setAddress(ADDRESS, '127.0.0.78');
    const server = createServer().listen(80, '127.0.0.78');
    await once(server, 'listening');
    try {
      const args = ['--resolver', doh.url.href];
      const { text } = await runCommand('doctor', environment, args);
      assert.match(text, /^✓ port 80 +127\.0\.0\.78 answers$/m);
    } finally {
      server.close();
    }
  });
});

describe('awala-gateway doctor, asked about a gateway that ends TLS itself', () => {
  it('finds nothing wrong with its one port', async () => {
    await using files = await CertificateFiles.make();
    await using doh = await DohServer.start();
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-doctor-'));
    const environment = {
      ...files.environment,
      INTERNET_ADDRESS: ADDRESS,
      DATA_DIR: join(folder.path, 'data'),
      DOH_URL: doh.url.href,
    };
    const config = readStandaloneConfig({ ...environment, ...ANY_PORT });
    await using gateway = await composeStandalone(config, { log: silentLog });
    const { poweb, cogrpc, pohttp, operations, https = 0, http } = gateway.listening;
    doh.setGateway(ADDRESS, { gsc: https, crc: https, pdc: https }, ADDRESS);
    const ca = join(folder.path, 'ca.pem');
    await writeFile(ca, files.authority.root);
    const ports = {
      POWEB_PORT: `${poweb}`,
      COGRPC_PORT: `${cogrpc}`,
      POHTTP_PORT: `${pohttp}`,
      OPERATIONS_PORT: `${operations}`,
      HTTPS_PORT: `${https}`,
      HTTP_PORT: `${http}`,
    };
    const args = ['--resolver', doh.url.href, '--ca', ca];
    const { code, text } = await runCommand('doctor', { ...environment, ...ports }, args);
    assert.equal(code, 0, text);
    assert.match(text, /^✓ ports +a gateway runs here, and answers on all$/m);
    assert.match(text, /^✓ way for couriers /m);
    const wrong = { ...environment, ...ports, HTTP_PORT: '1' };
    const { text: other } = await runCommand('doctor', wrong, args);
    assert.match(other, /^✗ ports +HTTP_PORT 1: .*\n.*\n.*HTTP_PORT and HTTPS_HOST among them/m);
  });
});
