import assert from 'node:assert/strict';
import { mkdtemp, mkdtempDisposable, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pingCommand } from '#services/standalone/commands/ping.ts';
import { freePort } from '#test/backing/free-ports.ts';
import { selfSigned } from '#test/builders/tls-certificates.ts';
import { type RunningGateway, startGateway } from '#test/interop/support/running-gateway.ts';
import { DohServer } from '#test/peers/doh-server.ts';
import { dataFolder, GatewayProcess } from './support/gateway-process.ts';
import { runCommand } from './support/run-command.ts';

interface Printed {
  readonly code: number | undefined;
  readonly text: string;
}

async function ping(...args: readonly string[]): Promise<Printed> {
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  const code = await pingCommand.run({ args, environment: {}, print });
  return { code, text: lines.join('\n') };
}

describe('ping, told where a gateway is', () => {
  let gateway: RunningGateway;
  let doh: DohServer;
  let poweb: string;
  let beside: readonly string[];

  before(async () => {
    doh = await DohServer.start();
    gateway = await startGateway({}, doh.environment);
    const { listening } = gateway;
    poweb = `http://127.0.0.1:${listening.poweb}`;
    beside = [
      '--cogrpc',
      `127.0.0.1:${listening.cogrpc}`,
      '--pohttp',
      `http://127.0.0.1:${listening.pohttp}`,
    ];
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await doh[Symbol.asyncDispose]();
  });

  it('sends parcels over PoWeb, by courier and over PoHTTP, each there and back', async () => {
    const { code, text } = await ping(poweb, ...beside);
    assert.equal(code, 0, text);
    assert.match(text, /✓ parcel collected .*\n {2}✓ connection for couriers .*127\.0\.0\.1:/);
    assert.match(text, /✓ parcel collected by courier .* in 1 cargo\n/);
    assert.match(text, /✓ acknowledged by courier/);
    assert.match(text, /✓ parcel posted by an app .*\n {2}✓ parcel collected /);
    assert.match(text, /– posting to Internet apps +not tried: name a receiver/);
    assert.match(text, /The gateway relays parcels/);
  });

  it('sends a parcel out to a receiver that the gateway finds in the DNS', async () => {
    const port = await freePort();
    doh.setApp('receiver.example', port);
    const receiver = ['--receiver', `receiver.example=http://127.0.0.1:${port}`];
    const { code, text } = await ping(poweb, '--no-cargo', '--no-pohttp', ...receiver);
    assert.equal(code, 0, text);
    assert.match(text, /✓ posted to the receiver/);
    assert.doesNotMatch(text, /courier|posted by Internet app/);
  });

  it('sends a parcel out to a receiver that the gateway was told of', async () => {
    const port = await freePort();
    const target = `app.localhost=http://127.0.0.1:${port}`;
    await using other = await startGateway({}, { DELIVERY_OVERRIDES: target });
    const base = `http://127.0.0.1:${other.listening.poweb}`;
    const args = ['--no-cargo', '--no-pohttp', '--receiver', target];
    const { code, text } = await ping(base, ...args);
    assert.equal(code, 0, text);
    assert.match(text, /✓ posted to the receiver/);
  });

  it('sends a parcel out over TLS', async () => {
    const port = await freePort();
    const own = selfSigned({ names: ['pdc.receiver.example'] });
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-ping-'));
    const [cert, key] = [join(folder.path, 'cert.pem'), join(folder.path, 'key.pem')];
    await writeFile(cert, own.chain);
    await writeFile(key, own.key);
    doh.setApp('receiver.example', port);
    await using data = await dataFolder();
    await using other = await GatewayProcess.start(data.path, {
      ...doh.environment,
      POHTTP_CLIENT_TLS: 'true',
      NODE_EXTRA_CA_CERTS: cert,
    });
    const { code, text } = await ping(
      `http://127.0.0.1:${other.poweb}`,
      ...['--no-cargo', '--no-pohttp', '--receiver', `receiver.example=https://127.0.0.1:${port}`],
      ...['--receiver-cert', cert, '--receiver-key', key],
    );
    assert.equal(code, 0, text);
    assert.match(text, /✓ posted to the receiver/);
  });

  it('names the cause when nobody listens for couriers, and tries the other roads', async () => {
    const port = await freePort();
    const { code, text } = await ping(poweb, ...beside, '--cogrpc', `127.0.0.1:${port}`);
    assert.equal(code, 1);
    assert.match(text, /✓ parcel posted by an app/);
    const cause = `Failed at: connection for couriers: 127.0.0.1 refuses connections on port ${port}`;
    assert.ok(text.endsWith(cause), text);
    assert.match(text, /→ Check that the gateway, or the proxy before it, runs and listens on/);
  });

  it('says once that no gateway runs here, and how to start one', async () => {
    const ports = [await freePort(), await freePort(), await freePort()]
      .sort((one, other) => one - other)
      .map(String);
    const [POWEB_PORT = '', POHTTP_PORT = '', COGRPC_PORT = ''] = ports;
    const environment = { POWEB_PORT, POHTTP_PORT, COGRPC_PORT };
    const { code, text } = await runCommand('ping', environment, []);
    assert.equal(code, 1);
    assert.equal(
      text,
      `Pinging the gateway at http://127.0.0.1:${POWEB_PORT}
✗ No gateway runs here: nobody listens on port ${ports.join(', ')}. Start one: npm start`,
    );
  });

  it('says of all services whether they are there when phones cannot register', async () => {
    const { code, text } = await ping(`http://127.0.0.1:${await freePort()}`, ...beside);
    assert.equal(code, 1);
    assert.match(text, /✗ connection for phones .*refuses connections/);
    assert.match(text, /✓ connection for couriers .*\n {2}– parcels of couriers +not tried/);
    assert.match(text, /✓ connection for Internet apps .*\n {2}– parcels of Internet apps/);
  });

  it('refuses arguments that make no sense', async () => {
    const senseless = [
      ['--cogrpc', 'here'],
      ['--cargo'],
      ['a.example', 'b.example'],
      ['a b'],
      ['a.example', '--pohttp', 'http://127.0.0.1'],
      ['--pohttp', '127.0.0.1'],
      ['--receiver', 'app.example'],
      ['--receiver', 'app.example=https://127.0.0.1:9000'],
      ['--resolver', 'udp://127.0.0.1'],
    ];
    for (const args of senseless) {
      await assert.rejects(ping(...args), { code: 'USAGE' }, args.join(' '));
    }
  });

  it('refuses files that are none, whose end might never come', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'awala-ping-'));
    try {
      for (const path of ['/dev/zero', folder, join(folder, 'absent')]) {
        await assert.rejects(ping('--ca', path), { code: 'USAGE' }, path);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
