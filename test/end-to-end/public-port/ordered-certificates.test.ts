import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { freePort } from '#test/backing/free-ports.ts';
import { BLOCKED_NAME, missingPebble, Pebble } from '#test/backing/pebble.ts';
import { Phone } from '#test/peers/phone.ts';
import { connectOverTls, TlsTunnel } from '#test/peers/tls-tunnel.ts';
import { until } from '#test/runtime/until.ts';
import { dataFolder } from '../support/gateway-process.ts';
import { GatewayUnderTest } from '../support/gateway-under-test.ts';
import { trustInThisProcess } from './certificate-files.ts';

const NAME = 'gateway.example';
const LIFE_SECONDS = 600;

describe('a gateway that orders its certificate', { skip: missingPebble }, () => {
  const opened = new AsyncDisposableStack();
  let pebble: Pebble;
  let root: string;

  before(async () => {
    pebble = opened.use(await Pebble.start({ validitySeconds: LIFE_SECONDS }));
    trustInThisProcess(pebble.authority);
    root = await pebble.root();
  });
  after(() => opened.disposeAsync());
  beforeEach(() => pebble.point(NAME, { ipv4: ['127.0.0.1'] }));

  function start(folder: string, environment: Readonly<Record<string, string>> = {}) {
    const clock = new ManualClock(new Date());
    const variables = { ...pebble.variablesFor(NAME), DATA_DIR: folder, ...environment };
    return GatewayUnderTest.start({ clock }, variables);
  }

  function httpsOf({ running }: GatewayUnderTest): number {
    return running.listening.https ?? 0;
  }

  /** The certificate's fingerprint, as two that are issued within a second have the same dates. */
  async function certificateShown(gateway: GatewayUnderTest, name = NAME): Promise<string | null> {
    try {
      const socket = await connectOverTls({ port: httpsOf(gateway), root, name });
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      return fingerprint256;
    } catch {
      return null;
    }
  }

  /** Lets time pass until there is a certificate, no faster than real servers answer. */
  async function untilShown(gateway: GatewayUnderTest, name = NAME): Promise<string> {
    let shown: string | null = null;
    await until(async () => {
      gateway.clock.advance(250);
      shown = await certificateShown(gateway, name);
      return shown !== null;
    }, 50);
    return shown ?? '';
  }

  async function failure(gateway: GatewayUnderTest): Promise<Record<string, unknown>> {
    let line: string | undefined;
    await until(() => {
      gateway.clock.advance(100);
      line = gateway.logged.find((each) => each.includes('No certificate could be had'));
      return line !== undefined;
    }, 20);
    return JSON.parse(line ?? '{}');
  }

  async function isReady({ running }: GatewayUnderTest) {
    const answer = await fetch(`http://127.0.0.1:${running.listening.operations}/readyz`);
    return (await answer.json()) as { ready: boolean; failing: Record<string, string> };
  }

  it('has none at first, and gets one that clients trust; all is for its user alone', async () => {
    await using folder = await dataFolder();
    await using gateway = await start(folder.path);
    assert.match((await isReady(gateway)).failing.certificate ?? '', /no certificate yet/);
    await untilShown(gateway);
    gateway.clock.advance(2_000);
    assert.deepEqual(await isReady(gateway), { ready: true, draining: false, failing: {} });
    const files = join(folder.path, 'certificates');
    assert.deepEqual((await readdir(files)).sort(), ['account.pem', `${NAME}.pem`, 'orders.json']);
    for (const name of await readdir(files)) {
      assert.equal((await stat(join(files, name))).mode & 0o777, 0o600);
    }
    assert.equal((await stat(files)).mode & 0o777, 0o700);
  });

  it('begins with what it kept, without asking', async () => {
    await using folder = await dataFolder();
    const first = await start(folder.path);
    const shown = await untilShown(first);
    await first[Symbol.asyncDispose]();
    const nowhere = { ACME_DIRECTORY: pebble.directory, HTTP_PORT: '0' };
    await using second = await start(folder.path, nowhere);
    assert.equal(await certificateShown(second), shown);
  });

  it('renews it at two thirds of its life, and cuts nobody', async () => {
    await using folder = await dataFolder();
    await using gateway = await start(folder.path, { ACME_EMAIL: 'operator@gateway.example' });
    const first = await untilShown(gateway);
    await using near = await TlsTunnel.start({ port: httpsOf(gateway), root, name: NAME });
    const phone = await Phone.register(near.port, 'phone', gateway.clock.now());
    using collector = await phone.collect();
    const path = join(folder.path, 'certificates', `${NAME}.pem`);
    const before = await readFile(path, 'utf8');
    await gateway.pass((LIFE_SECONDS * 2) / 3 - 60, () => collector.roundTrip());
    assert.equal(await readFile(path, 'utf8'), before);
    await gateway.pass(85, () => collector.roundTrip());
    await until(async () => {
      await gateway.pass(1, () => collector.roundTrip());
      return (await readFile(path, 'utf8')) !== before;
    }, 50);
    await until(async () => ![null, first].includes(await certificateShown(gateway)));
    await collector.roundTrip();
  });

  it('gets one for a name with capitals and umlauts, in ASCII', async () => {
    const ascii = 'gateway.xn--mnchen-3ya.example';
    await pebble.point(ascii, { ipv4: ['127.0.0.1'] });
    await using folder = await dataFolder();
    const environment = { INTERNET_ADDRESS: 'Gateway.München.Example' };
    await using gateway = await start(folder.path, environment);
    await untilShown(gateway, ascii);
  });

  it('gets one where there is only IPv6', async () => {
    await pebble.point(NAME, { ipv6: ['::1'] });
    await using folder = await dataFolder();
    await using gateway = await start(folder.path, { HTTPS_HOST: '::1' });
    await until(async () => {
      gateway.clock.advance(250);
      return connectOverTls({ host: '::1', port: httpsOf(gateway), root, name: NAME }).then(
        (socket) => {
          socket.destroy();
          return true;
        },
        () => false,
      );
    }, 50);
  });

  it('says what to do when the name leads nowhere, and gets one once it leads here', async () => {
    await pebble.point(NAME, {});
    await using folder = await dataFolder();
    await using gateway = await start(folder.path);
    const { reason, detail, attempt } = await failure(gateway);
    assert.deepEqual([reason, attempt], ['dns', 1], String(detail));
    assert.match(String(detail), /add the A and AAAA records/);
    assert.match((await isReady(gateway)).failing.certificate ?? '', /add the A and AAAA records/);
    await pebble.point(NAME, { ipv4: ['127.0.0.1'] });
    gateway.clock.advance(5 * 60_000);
    await untilShown(gateway);
    const attempts = join(folder.path, 'certificates', 'attempts.json');
    await assert.rejects(stat(attempts), { code: 'ENOENT' });
  });

  it('says what to do when the name leads to another machine', async () => {
    await pebble.point(NAME, { ipv4: ['127.0.0.9'] });
    await using folder = await dataFolder();
    await using gateway = await start(folder.path);
    const { reason, detail } = await failure(gateway);
    assert.equal(reason, 'unreachable');
    assert.match(String(detail), /port 80 of every address of the name must lead to this machine/);
  });

  it('says so when the authority does not issue for the name', async () => {
    await using folder = await dataFolder();
    await using gateway = await start(folder.path, { INTERNET_ADDRESS: BLOCKED_NAME });
    assert.equal((await failure(gateway)).reason, 'refused');
  });

  it('says so when the port for challenges is taken, and gets one once it is free', async () => {
    const other = createServer().listen(pebble.httpPort, '127.0.0.1');
    await once(other, 'listening');
    await using folder = await dataFolder();
    await using gateway = await start(folder.path);
    const { reason, detail } = await failure(gateway);
    assert.equal(reason, 'challenge-port');
    assert.match(
      String(detail),
      /another program listens there already; stop what else uses the port/,
    );
    other.close();
    await once(other, 'close');
    gateway.clock.advance(5 * 60_000);
    await untilShown(gateway);
  });

  it('says so when the authority cannot be reached', async () => {
    await using folder = await dataFolder();
    const directory = `https://localhost:${await freePort()}/dir`;
    await using gateway = await start(folder.path, { ACME_DIRECTORY: directory });
    assert.equal((await failure(gateway)).reason, 'authority-unavailable');
  });
});
