import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, chown, lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { TlsCertificate } from '#certificates/port.ts';
import type { LogFields } from '#log/log.ts';
import { freePort } from '#test/backing/free-ports.ts';
import { selfSigned } from '#test/builders/tls-certificates.ts';
import { startGateway } from '#test/interop/support/running-gateway.ts';
import { DohServer } from '#test/peers/doh-server.ts';
import { recordingLog } from '#test/runtime/recording-log.ts';
import { until } from '#test/runtime/until.ts';
import { TlsFront } from '#test/services/tls-front.ts';
import { CertificateFiles } from '../public-port/certificate-files.ts';
import { EmptyMachine, noTerminal, whyNotAs } from './setup-process.ts';

const run = promisify(execFile);

const ADDRESS = 'gateway.example';
const IP = ['--address', '127.0.0.1'];
const DAY_MS = 86_400_000;
const NOBODY = { uid: 65_534, gid: 65_534 };
const noOtherUser = whyNotAs(NOBODY);
const NAMES = ['gsc', 'crc', 'pdc'].map((service) => `_awala-${service}._tcp.${ADDRESS}`);

describe('awala-gateway setup', () => {
  let doh: DohServer;

  before(async () => {
    doh = await DohServer.start();
  });
  after(() => doh[Symbol.asyncDispose]());

  it('says which records are missing, as lines of a zone and as fields of a form', async () => {
    await using machine = await EmptyMachine.make();
    const addresses = ['--address', '9.9.9.1', '--address', '2620:fe::1'];
    const args = ['Gateway.Example.', ...addresses, '--resolver', doh.url.href, '--wait', '0s'];
    await using setup = machine.setUp(args);
    assert.equal(await setup.ended(), 1);
    for (const line of [
      /^ {4}gateway\.example\. +3600 IN A +9\.9\.9\.1$/m,
      /^ {4}gateway\.example\. +3600 IN AAAA 2620:fe::1$/m,
      /^ {4}_awala-gsc\._tcp\.gateway\.example\. 3600 IN SRV +0 0 443 gateway\.example\.$/m,
      /^ {4}_awala-crc\._tcp\.gateway\.example\. 3600 IN SRV +0 0 443 gateway\.example\.$/m,
      /^ {4}_awala-pdc\._tcp\.gateway\.example\. 3600 IN SRV +0 0 443 gateway\.example\.$/m,
      /^ {4}type SRV, name _awala-gsc\._tcp\.gateway\.example, priority 0, weight 0, port 443, target gateway\.example$/m,
      /DNSSEC/,
      /^ {2}DNS {2}A – AAAA – gsc – crc – pdc – DNSSEC –$/m,
      /^✗ the DNS does not lead to this gateway yet$/m,
      /^ {2}→ A of gateway\.example is missing\. Add: gateway\.example\. 3600 IN A 9\.9\.9\.1$/m,
    ]) {
      assert.match(setup.output, line);
    }
  });

  it('keeps what it was told, for its group to read, and the operator’s own lines', async () => {
    await using machine = await EmptyMachine.make();
    await mkdir(join(machine.folder, 'etc'));
    const own = [
      '# Ours.',
      '#INTERNET_ADDRESS=gateway.example.org',
      'LOG_LEVEL=warn',
      'HTTPS_PORT=8443',
    ];
    await writeFile(machine.config, `${own.join('\n')}\n`);
    const args = [ADDRESS, ...IP, '--email', 'me@gateway.example', '--resolver', doh.url.href];
    await using setup = machine.setUp([...args, '--wait', '0s']);
    assert.equal(await setup.ended(), 1);
    assert.match(setup.output, /IN SRV +0 0 8443 /);
    const { lines, mode } = await machine.configured();
    assert.equal(mode, '640');
    assert.deepEqual(lines, [
      '# Ours.',
      '#INTERNET_ADDRESS=gateway.example.org',
      `INTERNET_ADDRESS=${ADDRESS}`,
      'LOG_LEVEL=warn',
      'HTTPS_PORT=8443',
      '# Written by awala-gateway setup:',
      `DATA_DIR=${machine.data}`,
      'CERTIFICATES=acme',
      'ACME_EMAIL=me@gateway.example',
      'PUBLIC_ADDRESSES=127.0.0.1',
    ]);
    await using again = machine.setUp(['--resolver', doh.url.href, '--wait', '0s']);
    assert.equal(await again.ended(), 1);
    assert.deepEqual((await machine.configured()).lines, lines);
  });

  it('remembers by which addresses and port the Internet reaches it', async () => {
    await using machine = await EmptyMachine.make();
    const addresses = ['--address', '9.9.9.1', '--address', '2620:fe::1'];
    const once = ['--resolver', doh.url.href, '--wait', '0s'];
    await using first = machine.setUp([ADDRESS, ...addresses, '--port', '8443', ...once]);
    await first.ended();
    await using second = machine.setUp(once);
    assert.equal(await second.ended(), 1);
    for (const line of [/ IN A +9\.9\.9\.1$/m, / IN AAAA +2620:fe::1$/m, / IN SRV +0 0 8443 /m]) {
      assert.match(second.output, line);
    }
    await using third = machine.setUp(['--address', '9.9.9.2', ...once]);
    await third.ended();
    assert.doesNotMatch(third.output, /9\.9\.9\.1|2620/);
    const { lines } = await machine.configured();
    assert.deepEqual(
      lines.filter((line) => line.startsWith('PUBLIC_')),
      ['PUBLIC_ADDRESSES=9.9.9.2', 'PUBLIC_PORT=8443'],
    );
    await writeFile(machine.config, 'PUBLIC_ADDRESSES=here\n');
    await using wrong = machine.setUp([ADDRESS, ...once]);
    assert.equal(await wrong.ended(), 1);
    assert.match(
      wrong.output,
      /^✗ PUBLIC_ADDRESSES in the configuration must be IP addresses, .* but is "here"\n {2}→ Correct/,
    );
  });

  it('takes certificates only from where the gateway can', async () => {
    await using machine = await EmptyMachine.make();
    await using option = machine.setUp([ADDRESS, ...IP, '--certificates', 'some']);
    assert.equal(await option.ended(), 64);
    assert.match(
      option.output,
      /^--certificates must be one of none, files, acme, but is "some"\n/,
    );
    await mkdir(join(machine.folder, 'etc'));
    await writeFile(machine.config, 'CERTIFICATES=some\n');
    await using configured = machine.setUp([ADDRESS, ...IP]);
    assert.equal(await configured.ended(), 1);
    assert.match(
      configured.output,
      /^✗ CERTIFICATES in the configuration must be one of none, files, /,
    );
  });

  it('says what an umlaut is in the DNS, and takes nothing that can be no address', async () => {
    await using machine = await EmptyMachine.make();
    const args = [...IP, '--resolver', doh.url.href, '--wait', '0s'];
    await using setup = machine.setUp(['Gateway.Bücher.Example', ...args]);
    await setup.ended();
    assert.match(
      setup.output,
      /^In the DNS, and on phones, .* is gateway\.xn--bcher-kva\.example\.$/m,
    );
    assert.ok(
      (await machine.configured()).lines.includes('INTERNET_ADDRESS=gateway.xn--bcher-kva.example'),
    );
    await using wrong = machine.setUp(['my_gateway', ...args]);
    assert.equal(await wrong.ended(), 1);
    assert.match(wrong.output, /^✗ “my_gateway” is not a domain name of two labels or more/);
  });

  it('names the option of an answer that is missing where it cannot ask', async () => {
    await using machine = await EmptyMachine.make();
    await using setup = machine.setUp([]);
    assert.equal(await setup.ended(), 1);
    assert.match(
      setup.output,
      /^✗ the gateway has no address yet\n {2}→ Give it as the argument: /,
    );
  });

  it('lets another name take the place of one that no gateway had yet', async () => {
    await using machine = await EmptyMachine.make();
    const args = [...IP, '--resolver', doh.url.href, '--wait', '0s'];
    await using first = machine.setUp(['gatway.example', ...args]);
    await first.ended();
    // As a start leaves it that fails before there is a key.
    await mkdir(machine.data);
    await writeFile(join(machine.data, 'gateway.db'), '');
    await using second = machine.setUp([ADDRESS, ...args]);
    assert.equal(await second.ended(), 1);
    assert.match(second.output, /^✗ the DNS does not lead to this gateway yet$/m);
    assert.ok((await machine.configured()).lines.includes(`INTERNET_ADDRESS=${ADDRESS}`));
  });

  it('leaves a gateway with data its address, and says how to start afresh', async () => {
    await using machine = await EmptyMachine.make();
    const args = [...IP, '--resolver', doh.url.href, '--wait', '0s'];
    await using first = machine.setUp([ADDRESS, ...args]);
    await first.ended();
    {
      const environment = { DATA_DIR: machine.data, INTERNET_ADDRESS: ADDRESS };
      await using _gateway = await startGateway({}, environment);
    }
    // As by a gateway that did not note its address yet.
    await rm(join(machine.data, 'internet-address'));
    await using second = machine.setUp(['other.example', ...args]);
    assert.equal(await second.ended(), 1);
    assert.match(
      second.output,
      /^✗ the gateway in \S+ is gateway\.example, and its phones know it by/,
    );
    assert.match(second.output, /If no phone ever used it, .* sudo mv (\S+) \1\.old;/);
    assert.ok((await machine.configured()).lines.includes(`INTERNET_ADDRESS=${ADDRESS}`));
  });

  describe('where the configuration is lost, and the data is not', () => {
    let args: readonly string[];
    let machine: EmptyMachine;

    beforeEach(async () => {
      args = [...IP, '--resolver', doh.url.href, '--wait', '0s'];
      machine = await EmptyMachine.make();
      await using _former = await startGateway(
        {},
        { DATA_DIR: machine.data, INTERNET_ADDRESS: ADDRESS },
      );
    });
    afterEach(() => machine[Symbol.asyncDispose]());

    it('sets up no other gateway over it', async () => {
      await using setup = machine.setUp(['other.example', ...args]);
      assert.equal(await setup.ended(), 1);
      assert.match(
        setup.output,
        /^✗ the gateway in \S+ is gateway\.example, and its phones know it by/,
      );
      await assert.rejects(machine.configured());
    });

    it('goes on with the address that it has', async () => {
      await using setup = machine.setUp(args);
      assert.equal(await setup.ended(), 1);
      assert.match(setup.output, /^✗ the DNS does not lead to this gateway yet$/m);
      assert.ok((await machine.configured()).lines.includes(`INTERNET_ADDRESS=${ADDRESS}`));
    });

    it('is not misled by a slip in its address, with which it was started since', async () => {
      const logged: [string, LogFields][] = [];
      const slip = { DATA_DIR: machine.data, INTERNET_ADDRESS: 'gatway.example' };
      {
        await using _gateway = await startGateway({ log: recordingLog(logged) }, slip);
      }
      const warning = logged.find(([message]) => message.startsWith('warn The data are of a'));
      assert.ok(warning, `${logged}`);
      assert.match(warning[0], /another address.* delete DATA_DIR\/internet-address and restart$/);
      assert.match(
        `${warning[1].detail}`,
        /^gateway\.example is noted, and gatway\.example configured$/,
      );
      await using setup = machine.setUp([ADDRESS, ...args]);
      assert.equal(await setup.ended(), 1);
      assert.match(setup.output, /^✗ the DNS does not lead to this gateway yet$/m);
    });

    it('says how to mend the note, should that be the slip', async () => {
      await using setup = machine.setUp(['other.example', ...args]);
      await setup.ended();
      const path = join(machine.data, 'internet-address');
      assert.ok(setup.output.includes(`rm ${path}`), setup.output);
      assert.match(setup.output, /If gateway\.example was a slip, .*INTERNET_ADDRESS/);
    });

    it('says what it cannot know of a gateway that noted no address', async () => {
      await rm(join(machine.data, 'internet-address'));
      await using setup = machine.setUp(['other.example', ...args]);
      await setup.ended();
      assert.match(
        setup.output,
        /^! \S+ holds a gateway that does not say its address: its phones know it by that alone\.$/m,
      );
    });

    it('is not led elsewhere by what stands in the note’s place', async () => {
      const path = join(machine.data, 'internet-address');
      await rm(path);
      await run('mkfifo', [path]);
      await using setup = machine.setUp([ADDRESS, ...args]);
      assert.equal(await setup.ended(), 1);
      assert.match(setup.output, /^✗ the DNS does not lead to this gateway yet$/m);
    });
  });

  /** Sets up with the resolver behind TLS, as a public one is. */
  async function setUpBySecureDns(certificate: TlsCertificate): Promise<string> {
    await using machine = await EmptyMachine.make();
    const backend = Number(doh.url.port);
    await using front = await TlsFront.start({ certificate, protocols: ['http/1.1'], backend });
    const NODE_EXTRA_CA_CERTS = await machine.write('ca.pem', certificate.chain);
    const resolver = `https://localhost:${front.port}/dns-query`;
    const args = [ADDRESS, ...IP, '--resolver', resolver];
    await using setup = machine.setUp(args, { NODE_EXTRA_CA_CERTS });
    assert.equal(await setup.ended(), 1, setup.output);
    return setup.output;
  }

  it('notices a clock that is a day off before it waits for anything', async () => {
    doh.date = new Date(Date.now() + DAY_MS);
    try {
      const output = await setUpBySecureDns(selfSigned({ names: ['localhost'] }));
      assert.match(
        output,
        /^✗ this machine’s clock is wrong: it is 86[34]\d\d s behind the DNS resolver$/m,
      );
      assert.match(output, /^ {2}→ .*timedatectl set-ntp true/m);
    } finally {
      doh.date = null;
    }
  });

  it('suspects the clock where the resolver’s certificate is out of date by it', async () => {
    const validFrom = new Date(Date.now() + DAY_MS);
    const output = await setUpBySecureDns(selfSigned({ names: ['localhost'], validFrom }));
    assert.match(
      output,
      /^✗ this machine’s clock shows \S+, by which the DNS resolver’s certificate is/m,
    );
  });

  it('asks what it needs, and asks again when an answer will not do', {
    skip: noTerminal,
  }, async () => {
    await using machine = await EmptyMachine.make();
    await using setup = machine.setUpAsking(['--resolver', doh.url.href, '--wait', '0s', ...IP]);
    await setup.prints('The gateway’s Awala address');
    setup.type('my_gateway\r');
    await setup.prints('“my_gateway” is not a domain name');
    setup.type(`${ADDRESS}\r`);
    await setup.prints('Your e-mail address');
    setup.type('me@gateway?.example\r');
    await setup.prints('“me@gateway?.example” is not an e-mail address');
    setup.type('\r');
    await setup.prints('Press Enter when you have added them');
    setup.type('\r');
    assert.equal(await setup.ended(), 1, setup.output);
    assert.match(setup.output, /✗ the DNS does not lead to this gateway yet/);
    assert.ok((await machine.configured()).lines.includes(`INTERNET_ADDRESS=${ADDRESS}`));
  });

  it('goes on from where Ctrl-C ended it', { skip: noTerminal }, async () => {
    await using machine = await EmptyMachine.make();
    const args = ['--resolver', doh.url.href];
    await using setup = machine.setUpAsking([ADDRESS, ...IP, '--email', '', ...args]);
    await setup.prints('Press Enter');
    setup.type('\u0003');
    assert.equal(await setup.ended(), 130, setup.output);
    assert.match(setup.output, /Stopped\. To go on from here, repeat the same line\./);
    await using waiting = machine.setUpAsking([...IP, ...args]);
    await waiting.prints('Press Enter');
    waiting.type('\r');
    await waiting.prints('DNSSEC –  next look in 4 s');
    waiting.type('\u0003');
    assert.equal(await waiting.ended(), 130, waiting.output);
  });

  it('says how to go on where nobody answers any more', { skip: noTerminal }, async () => {
    await using machine = await EmptyMachine.make();
    const args = [ADDRESS, ...IP, '--email', '', '--resolver', doh.url.href];
    await using setup = machine.setUpAsking(args);
    await setup.prints('Press Enter');
    setup.type('\u0004');
    assert.equal(await setup.ended(), 1, setup.output);
    assert.match(
      setup.output,
      /✗ nobody answers\n {2}→ Repeat the same line when they are there\./,
    );
  });

  it('ends when it is told to, whatever it waits for', async () => {
    await using machine = await EmptyMachine.make();
    doh.behaviour = () => {};
    try {
      const before = doh.queries.length;
      await using setup = machine.setUp([ADDRESS, ...IP, '--resolver', doh.url.href]);
      await until(() => doh.queries.length > before, 20);
      setup.signal('SIGTERM');
      assert.equal(await setup.ended(), 130, setup.output);
      assert.match(setup.output, /Stopped\. To go on from here, repeat the same line\./);
    } finally {
      doh.behaviour = null;
    }
  });

  describe('on a machine of its own', () => {
    let files: CertificateFiles;
    let machine: EmptyMachine;
    let ca: string;
    let ports: Readonly<Record<'poweb' | 'pohttp' | 'cogrpc' | 'https', number>>;

    beforeEach(async () => {
      files = await CertificateFiles.make();
      machine = await EmptyMachine.make();
      ca = await machine.write('ca.pem', files.authority.root);
      ports = {
        poweb: await freePort(),
        pohttp: await freePort(),
        cogrpc: await freePort(),
        https: await freePort(),
      };
      await configure({});
      leadTo(ports.https);
    });
    afterEach(async () => {
      await files[Symbol.asyncDispose]();
      await machine[Symbol.asyncDispose]();
    });

    /** Writes what an operator had written before. */
    async function configure(variables: Readonly<Record<string, string>>): Promise<void> {
      const all = {
        POWEB_PORT: ports.poweb,
        POHTTP_PORT: ports.pohttp,
        COGRPC_PORT: ports.cogrpc,
        OPERATIONS_PORT: await freePort(),
        DOH_URL: doh.url,
        ...files.environment,
        HTTPS_PORT: ports.https,
        ...variables,
      };
      const lines = Object.entries(all).map(([name, value]) => `${name}=${value}\n`);
      await mkdir(join(machine.config, '..'), { recursive: true });
      await writeFile(machine.config, lines.join(''));
    }

    function leadTo(port: number, { isAuthentic = true } = {}): void {
      doh.setAddress(ADDRESS, '127.0.0.1');
      for (const name of NAMES) {
        const data = { target: ADDRESS, port };
        doh.set('SRV', name, { isAuthentic, answers: [{ type: 'SRV', name, ttl: 60, data }] });
      }
    }

    it('starts the gateway, sends parcels by every road, and hands out a page for users', async () => {
      await using setup = machine.setUp([ADDRESS, ...IP, '--ca', ca, '--foreground']);
      await setup.prints('The gateway runs in this terminal');
      assert.match(setup.output, /^✓ DNS +leads to gateway\.example:\d+$/m);
      assert.match(setup.output, /^✓ gateway +ready, with its certificate$/m);
      assert.match(setup.output, /✓ parcel collected by courier/);
      assert.match(setup.output, /✓ parcel posted by an app/);
      assert.match(setup.output, /The gateway relays parcels/);
      const page = await readFile(join(machine.data, 'for-users.txt'), 'utf8');
      assert.match(page, /^Our Awala gateway: {2}gateway\.example\n/);
      assert.match(page, /“New Internet Gateway”, type exactly\n\n {8}gateway\.example\n/);
      assert.ok(setup.output.includes(page));
      setup.signal('SIGTERM');
      assert.equal(await setup.ended(), 0, setup.output);
    });

    it('hands the gateway over without DNSSEC if told so, though apps cannot post to it', async () => {
      leadTo(ports.https, { isAuthentic: false });
      const args = ['--ca', ca, '--yes', '--without-dnssec', '--foreground'];
      await using setup = machine.setUp([ADDRESS, ...IP, ...args]);
      await setup.prints('The gateway runs in this terminal');
      assert.match(setup.output, /✗ DNS for Internet apps .*DNSSEC does not prove/);
      assert.match(setup.output, /^! Internet apps deliver nothing here until DNSSEC is there\.$/m);
      assert.ok(setup.output.includes(await readFile(join(machine.data, 'for-users.txt'), 'utf8')));
    });

    it('leaves TLS and the public port to a proxy', async () => {
      const certificate = selfSigned({ names: [ADDRESS] });
      await using proxy = await TlsFront.start({
        certificate,
        protocols: ['http/1.1', 'h2'],
        backend: ports,
      });
      leadTo(proxy.port);
      const proxyCa = await machine.write('proxy.pem', certificate.chain);
      const args = ['--certificates', 'none', '--port', `${proxy.port}`, '--ca', proxyCa];
      await using setup = machine.setUp([ADDRESS, ...IP, ...args, '--foreground']);
      await setup.prints('The gateway runs in this terminal');
      assert.match(setup.output, /The gateway relays parcels/);
      assert.ok((await machine.configured()).lines.includes('CERTIFICATES=none'));
    });

    it('runs as whom the data folder belongs to', { skip: noOtherUser }, async () => {
      const certificate = selfSigned({ names: [ADDRESS] });
      const protocols = ['http/1.1', 'h2'];
      await using proxy = await TlsFront.start({ certificate, protocols, backend: ports });
      leadTo(proxy.port);
      const proxyCa = await machine.write('proxy.pem', certificate.chain);
      await chmod(machine.folder, 0o755);
      await mkdir(machine.data, { mode: 0o700 });
      await chown(machine.data, NOBODY.uid, NOBODY.gid);
      const args = ['--certificates', 'none', '--port', `${proxy.port}`, '--ca', proxyCa];
      await using setup = machine.setUp([ADDRESS, ...IP, ...args, '--foreground']);
      await setup.prints('The gateway runs in this terminal');
      const files = await readdir(machine.data, { recursive: true });
      assert.ok(files.includes('gateway.db'));
      for (const file of files) {
        const { uid, gid } = await lstat(join(machine.data, file));
        assert.deepEqual({ uid, gid }, NOBODY, file);
      }
    });

    it('says which road is closed, and hands out no page', async () => {
      const args = ['--certificates', 'none', '--port', `${ports.https}`, '--foreground'];
      await using setup = machine.setUp([ADDRESS, ...IP, ...args]);
      assert.equal(await setup.ended(), 1, setup.output);
      assert.match(
        setup.output,
        /^Failed at: connection for phones: 127\.0\.0\.1 refuses connections/m,
      );
      assert.match(setup.output, /^✗ the gateway runs, but not all of its roads are open/m);
      await assert.rejects(readFile(join(machine.data, 'for-users.txt')));
    });

    it('says how to start the gateway where nothing runs services', async () => {
      await using setup = machine.setUp([ADDRESS, ...IP]);
      assert.equal(await setup.ended(), 0, setup.output);
      assert.match(setup.output, /^There is no systemd here\./m);
      assert.match(setup.output, /awala-gateway ping gateway\.example/);
    });

    it('sees a gateway through that something else has started', async () => {
      await using first = machine.setUp([ADDRESS, ...IP, '--ca', ca, '--foreground']);
      await first.prints('The gateway runs in this terminal');
      await using second = machine.setUp([...IP, '--ca', ca]);
      assert.equal(await second.ended(), 0, second.output);
      assert.match(second.output, /The gateway relays parcels/);
    });

    it('says why the gateway does not start', async () => {
      await configure({ LOG_LEVEL: 'loud' });
      await using setup = machine.setUp([ADDRESS, ...IP, '--foreground']);
      assert.equal(await setup.ended(), 1, setup.output);
      assert.match(setup.output, /LOG_LEVEL must be one of/);
      assert.match(setup.output, /^✗ the gateway does not run: it ended \(1\)/m);
    });
  });
});
