import assert from 'node:assert/strict';
import { once as listening } from 'node:events';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { systemClock } from '#clock/clock.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { noteLastBackup } from '#services/standalone/backup/last-backup.ts';
import { StepFailedError } from '#services/standalone/ping/steps.ts';
import { AWALA_SERVICES } from '#services/standalone/reach/awala-services.ts';
import { findService } from '#services/standalone/reach/find-service.ts';
import { Resolvers } from '#services/standalone/reach/resolvers.ts';
import type { Failing } from '#services/standalone/running/readiness.ts';
import { ClockCheck } from '#services/standalone/setup/clock-check.ts';
import { dnsOfClients } from '#services/standalone/setup/dns-of-clients.ts';
import { type SetupParts, setUp } from '#services/standalone/setup/setup.ts';
import { SetupError } from '#services/standalone/setup/setup-error.ts';
import { takenPorts } from '#services/standalone/setup/taken-ports.ts';
import { freePort } from '#test/backing/free-ports.ts';
import { DohServer } from '#test/peers/doh-server.ts';
import { RecordedTerminal } from './recorded-terminal.ts';
import { EmptyMachine } from './setup-process.ts';

const ADDRESS = 'gateway.example';
const IP = '9.9.9.1';
const SERVICES = ['gsc', 'crc', 'pdc'] as const;
const HOUR_MS = 3_600_000;

describe('setting a gateway up', () => {
  const opened = new AsyncDisposableStack();
  let doh: DohServer;
  let machine: EmptyMachine;
  let clock: ManualClock;
  let terminal: RecordedTerminal;
  let started: (string | undefined)[];
  /** What the gateway lacks, each time that it is asked. */
  let failing: () => Failing;

  before(async () => {
    doh = opened.use(await DohServer.start());
  });
  after(() => opened.disposeAsync());
  beforeEach(async () => {
    machine = await EmptyMachine.make();
    clock = new ManualClock(new Date());
    terminal = new RecordedTerminal();
    started = [];
    failing = () => ({});
    doh.behaviour = null;
    doh.clear();
  });
  afterEach(() => machine[Symbol.asyncDispose]());

  /** Sets up the gateway at {@link ADDRESS}, without questions unless the terminal has answers. */
  function run(
    options: {
      readonly ips?: readonly string[];
      readonly needsProof?: boolean;
      readonly contact?: string;
    } = {},
    ports: Partial<SetupParts> = {},
  ): Promise<boolean> {
    const clockCheck = new ClockCheck(clock);
    const { ips = [IP], needsProof = true, contact } = options;
    const dns = dnsOfClients(opened.use(new Resolvers({ clock: systemClock, resolver: doh.url })));
    const work = setUp(
      {
        given: {
          address: ADDRESS,
          ipAddresses: ips,
          email: '',
          certificates: undefined,
          dataFolder: machine.data,
          port: undefined,
          page: undefined,
          contact,
        },
        configFile: machine.config,
        asks: terminal.canAsk,
        dnsPatienceMs: HOUR_MS,
        needsProof,
      },
      {
        clock,
        clockCheck,
        terminal,
        signal: new AbortController().signal,
        ownAddresses: async () => ({ addresses: [], hasPrivateIpv4: true }),
        openDns: () => dns,
        service: {
          isRunning: async () => false,
          start: async ({ CERTIFICATES }) => void started.push(CERTIFICATES),
          fault: async () => null,
        },
        takenPorts: async () => [],
        failing: async () => failing(),
        // As Internet apps look it up, who alone demand proof.
        ping: () =>
          findService(dns, AWALA_SERVICES.apps, ADDRESS).then(
            () => [],
            (cause) => [new StepFailedError('DNS for Internet apps', cause)],
          ),
        ...ports,
      },
    );
    return passingWaits(work);
  }

  /** Time passes for whoever waits, and for nobody else. */
  async function passingWaits<Result>(work: Promise<Result>): Promise<Result> {
    let isOver = false;
    const watched = work.finally(() => {
      isOver = true;
    });
    watched.catch(() => {});
    while (!isOver) {
      clock.advanceToNext();
      await setImmediate();
    }
    return watched;
  }

  async function fails(...args: Parameters<typeof run>): Promise<string> {
    const error: unknown = await run(...args).then(
      () => assert.fail('it should fail'),
      (reason) => reason,
    );
    assert.ok(error instanceof SetupError, String(error));
    return `${error.message}\n${error.remedy}`;
  }

  function lead(service: (typeof SERVICES)[number], target = ADDRESS, isAuthentic = true) {
    const name = `_awala-${service}._tcp.${ADDRESS}`;
    const data = { target, port: 443 };
    doh.set('SRV', name, { isAuthentic, answers: [{ type: 'SRV', name, ttl: 60, data }] });
  }

  function leadAll(isAuthentic = true) {
    doh.setAddress(ADDRESS, IP);
    for (const service of SERVICES) {
      lead(service, ADDRESS, isAuthentic);
    }
  }

  /** Does something once the progress has shown a line. */
  function once(line: RegExp, action: () => void) {
    const { progress } = terminal;
    let isDone = false;
    terminal.progress = (told) => {
      progress.call(terminal, told);
      if (!isDone && line.test(told.lines[0])) {
        isDone = true;
        action();
      }
    };
  }

  it('writes the page for users through no link, as the folder is not root’s', async () => {
    leadAll();
    const precious = join(machine.data, 'precious');
    await mkdir(machine.data, { recursive: true });
    await writeFile(precious, 'precious');
    await symlink(precious, join(machine.data, 'for-users.txt'));
    assert.equal(await run(), true);
    assert.equal(await readFile(precious, 'utf8'), 'precious');
    assert.match(await readFile(join(machine.data, 'for-users.txt'), 'utf8'), /^Our Awala gateway/);
  });

  it('waits for the DNS, and says what is there, what is missing, and what is wrong', async () => {
    doh.setAddress(ADDRESS, IP);
    lead('gsc', 'other.example');
    once(/gsc ✗.* next look in 3 s$/, () => lead('gsc'));
    once(/gsc ✓ crc –/, () => leadAll());
    assert.equal(await run(), true);
    assert.deepEqual(terminal.shown.slice(0, 2), [
      '  DNS 0 s  A ✓ gsc ✗ crc – pdc – DNSSEC –  next look in 5 s',
      '  DNS 1 s  A ✓ gsc ✗ crc – pdc – DNSSEC –  next look in 4 s',
    ]);
    assert.deepEqual(terminal.news.slice(0, 3), [
      '  DNS  A ✓ gsc ✗ crc – pdc – DNSSEC –',
      '  DNS  A ✓ gsc ✓ crc – pdc – DNSSEC –',
      '  DNS  A ✓ gsc ✓ crc ✓ pdc ✓ DNSSEC ✓',
    ]);
    const wrong =
      /^! SRV of _awala-gsc\._tcp\.gateway\.example is 0 0 443 other\.example\.: remove that/;
    assert.equal(terminal.lines.filter((line) => wrong.test(line)).length, 1);
    assert.match(terminal.text, /^✓ DNS +leads to gateway\.example:443$/m);
    assert.deepEqual(started, ['acme']);
  });

  it('ends after an hour of half a DNS with a line for each thing to do', async () => {
    doh.setAddress(ADDRESS, '9.9.9.2');
    lead('gsc', 'other.example');
    const alias = {
      type: 'CNAME',
      name: `_awala-crc._tcp.${ADDRESS}`,
      ttl: 60,
      data: 'a.example',
    } as const;
    doh.set('SRV', alias.name, { answers: [alias] });
    lead('pdc', ADDRESS, false);
    const text = await fails();
    assert.match(text, /^the DNS does not lead to this gateway yet$/m);
    assert.match(
      text,
      /^A of gateway\.example is 9\.9\.9\.2: remove that, and add .* IN A 9\.9\.9\.1$/m,
    );
    assert.match(
      text,
      /^SRV of _awala-gsc\._tcp\.gateway\.example is 0 0 443 other\.example\.: remove/m,
    );
    assert.match(
      text,
      /^SRV of _awala-crc\._tcp\.gateway\.example is an alias of a\.example: remove/m,
    );
    assert.match(
      text,
      /^DNSSEC does not prove the records: turn it on .* or repeat with --without-dnssec/m,
    );
    assert.deepEqual(started, []);
  });

  it('goes on without DNSSEC only if told so, and says what that costs', async () => {
    leadAll(false);
    assert.match(await fails(), /^DNSSEC does not prove/m);
    assert.equal(await run({ needsProof: false }), true);
    assert.match(terminal.text, /^! DNSSEC .*Internet apps deliver nothing here/m);
    assert.match(terminal.text, /^! Internet apps deliver nothing here until DNSSEC is there\.$/m);
    assert.match(terminal.text, /^Our Awala gateway: {2}gateway\.example$/m);
    const ping = async () => [new StepFailedError('connection for phones', new Error('closed'))];
    assert.match(await fails({ needsProof: false }, { ping }), /^the gateway runs, but not all/);
  });

  it('notices a CAA record that forbids Let’s Encrypt, also one of a parent domain', async () => {
    leadAll();
    const caa = (value: string) => {
      const data = { flags: 0, tag: 'issue', value } as const;
      doh.set('CAA', 'example', { answers: [{ type: 'CAA', name: 'example', ttl: 60, data }] });
    };
    caa('other-ca.example');
    const text = await fails();
    assert.match(
      text,
      /^CAA of example: issue "other-ca\.example" does not allow Let’s Encrypt\. Add: gateway\.example\. 3600 IN CAA 0 issue "letsencrypt\.org"$/m,
    );
    caa('letsencrypt.org; validationmethods=http-01');
    assert.equal(await run(), true);
  });

  it('sets up a machine with IPv6 only, and says who cannot reach it', async () => {
    leadAll();
    doh.setAddress(ADDRESS, '2620:fe:0::1');
    doh.set('A', ADDRESS, { answers: [] });
    assert.equal(await run({ ips: ['2620:FE::1'] }), true);
    assert.match(terminal.text, /IN AAAA 2620:fe::1$/m);
    assert.match(terminal.text, /There is no IPv4 address: phones in networks without IPv6/);
    assert.match(terminal.shown[0] ?? '', /^ {2}DNS 0 s {2}AAAA ✓ gsc ✓/);
  });

  it('finds an old address of the other kind, to which clients might go', async () => {
    leadAll();
    doh.setAddress(ADDRESS, '2620:fe::bad');
    assert.match(await fails(), /^AAAA of gateway\.example is 2620:fe::bad: remove that$/m);
  });

  it('bears a resolver that is away for a while', async () => {
    leadAll();
    doh.behaviour = (_, response) => response.destroy();
    once(/^ {2}DNS 3 s {2}the resolver gives no answer {2}next look in 2 s$/, () => {
      doh.behaviour = null;
    });
    assert.equal(await run(), true);
    assert.match(terminal.text, /^! the DNS resolver did not answer/m);
  });

  it('says why there is no certificate, once while it waits and at the end', async () => {
    leadAll();
    const why = 'there is no certificate yet: the authority says “Timeout”; port 80 must lead here';
    failing = () => ({ certificate: 'there is no certificate yet' });
    once(/waits for its certificate \(1 min 20 s of 5 min\)$/, () => {
      failing = () => ({ certificate: why });
    });
    const text = await fails();
    assert.ok(terminal.shown.includes('  gateway  waits for its certificate (1 s of 5 min)'));
    assert.deepEqual(terminal.news.at(-1), '  gateway  waits for its certificate');
    assert.deepEqual(
      terminal.lines.filter((line) => line.includes('Timeout')),
      [`! ${why}`],
    );
    assert.equal(text.split('\n')[0], `after 5 min ${why}`);
    assert.match(text, /goes on trying by itself, .* Once the cause is gone, repeat the same line/);
  });

  it('says where to look when nobody knows why there is no certificate', async () => {
    leadAll();
    failing = () => ({ certificate: 'there is no certificate yet' });
    const text = await fails();
    assert.match(text, /^after 5 min there is no certificate yet, and no answer .* doctor/s);
  });

  it('goes on once the certificate is there', async () => {
    leadAll();
    failing = () => null;
    once(/gateway {2}starts/, () => {
      failing = () => ({ certificate: 'there is no certificate yet' });
    });
    once(/waits for its certificate/, () => {
      failing = () => ({});
    });
    assert.equal(await run(), true);
    assert.match(terminal.text, /^✓ gateway +ready, with its certificate$/m);
    assert.match(await readFile(`${machine.data}/for-users.txt`, 'utf8'), /gateway\.example/);
  });

  it('ends at once if the gateway does not stay up', async () => {
    leadAll();
    failing = () => null;
    const service = {
      isRunning: async () => false,
      start: async () => {},
      fault: async () => 'systemd says that it is failed.',
    };
    assert.match(
      await fails({}, { service }),
      /^the gateway does not run: systemd says that it is failed/,
    );
  });

  it('says that a port is taken, and by whom if that is known, before it waits for the DNS', async () => {
    await using holder = createServer().listen({ port: await freePort(), host: '0.0.0.0' });
    await listening(holder, 'listening');
    const address = holder.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const ss = async () => ({
      code: 0,
      output: 'LISTEN 0 4096 *:80 *:* users:(("nginx",pid=7,fd=6))',
    });
    const text = await fails(
      {},
      { takenPorts: () => takenPorts({ host: null, ports: [0, port] }, ss) },
    );
    assert.match(text, new RegExp(`^port ${port} is taken by nginx\n`));
    assert.match(
      text,
      /If it is a proxy that is to stay, .* as \/\S+\/docs\/one-machine\.md says: --certificates none/,
    );
    assert.deepEqual([started, terminal.shown], [[], []]);
    assert.doesNotMatch(terminal.text, /SRV/);
  });

  it('asks nothing of the DNS when it is repeated and all is there', async () => {
    leadAll();
    terminal = new RecordedTerminal(['']);
    assert.equal(await run(), true);
    assert.equal(terminal.asked.length, 1, 'at first, as a resolver remembers what was missing');
    await writeFile(join(machine.data, 'internet-address'), `${ADDRESS}\n`);
    terminal = new RecordedTerminal(['']);
    assert.equal(await run(), true);
    assert.deepEqual([terminal.asked, terminal.shown.join('')], [[], '']);
    assert.match(terminal.text, /^✓ DNS +leads to gateway\.example:443$/m);
    assert.doesNotMatch(terminal.text, /SRV/);
    lead('crc', 'other.example');
    once(/crc ✗/, () => lead('crc'));
    assert.equal(await run(), true);
    assert.equal(terminal.asked.length, 1);
    assert.match(terminal.text, /type SRV, name _awala-crc/);
  });

  it('tells users whom to tell, and remembers it', async () => {
    leadAll();
    const page = () => readFile(join(machine.data, 'for-users.txt'), 'utf8');
    await run();
    assert.match(await page(), /then tell us\.\n$/);
    await run({ contact: 'Ada “A.” O\u2019Brien, +44 20 7946 0123' });
    await run();
    assert.match(await page(), /then tell us: Ada “A\.” O\u2019Brien, \+44 20 7946 0123\n$/);
    await run({ contact: '' });
    assert.match(await page(), /then tell us\.\n$/);
  });

  it('ends with what is next: a backup, unless there is one', async () => {
    leadAll();
    assert.equal(await run(), true);
    assert.match(terminal.text, /Next, back it up: .*\n\/\S+\/docs\/backups\.md says how,\n/);
    await noteLastBackup(machine.data, { at: new Date(), to: '/mnt' });
    terminal = new RecordedTerminal();
    assert.equal(await run(), true);
    assert.doesNotMatch(terminal.text, /back it up/);
  });

  it('asks for the address behind NAT until it is one that others can reach', async () => {
    terminal = new RecordedTerminal(['somewhere', '192.168.1.5', '100.64.0.9', '9.9.9.1', '']);
    leadAll();
    assert.equal(await run({ ips: [] }), true);
    assert.match(terminal.asked[0] ?? '', /^The public address that leads to ports 80 and 443/);
    assert.match(terminal.text, /^“somewhere” is not an IP address/m);
    assert.match(
      terminal.text,
      /^192\.168\.1\.5 is of your home network; the router’s status page shows the public one\.$/m,
    );
    assert.match(
      terminal.text,
      /^100\.64\.0\.9: your provider shares its address among customers \(CGNAT\): nobody can reach this machine; use a rented server\.$/m,
    );
    terminal = new RecordedTerminal();
    assert.equal(await run({ ips: [] }), true, 'it remembers the answer');
  });

  it('takes any address that it is told by an option, and warns of one that is not public', async () => {
    leadAll();
    doh.setAddress(ADDRESS, '10.0.0.1');
    assert.equal(await run({ ips: ['10.0.0.1'] }), true);
    assert.match(terminal.text, /^! 10\.0\.0\.1 is not a public address/m);
    doh.setAddress(ADDRESS, '100.127.0.1');
    assert.equal(await run({ ips: ['100.127.0.1'] }), true);
    assert.match(terminal.text, /^! 100\.127\.0\.1: .* \(CGNAT\): nobody can reach this machine/m);
  });

  describe('at home, where IPv4 is behind a router and IPv6 is not', () => {
    const ownAddresses = async () => ({ addresses: ['2620:fe::1'], hasPrivateIpv4: true });

    beforeEach(() => {
      leadAll();
      doh.set('AAAA', ADDRESS, {
        answers: [{ type: 'AAAA', name: ADDRESS, ttl: 60, data: '2620:fe::1' }],
      });
    });

    it('asks for the router’s address, and remembers both', async () => {
      terminal = new RecordedTerminal(['192.168.1.5', '9.9.9.1', '']);
      assert.equal(await run({ ips: [] }, { ownAddresses }), true);
      assert.match(terminal.asked[0] ?? '', /^The router’s public IPv4 address, if it forwards/);
      assert.match(terminal.text, /^192\.168\.1\.5 is of your home network/m);
      assert.ok((await machine.configured()).lines.includes('PUBLIC_ADDRESSES=9.9.9.1,2620:fe::1'));
    });

    it('goes on with IPv6 alone if there is none, and asks once', async () => {
      doh.set('A', ADDRESS, { answers: [] });
      terminal = new RecordedTerminal(['', '']);
      assert.equal(await run({ ips: [] }, { ownAddresses }), true);
      terminal = new RecordedTerminal(['']);
      assert.equal(await run({ ips: [] }, { ownAddresses }), true);
      assert.deepEqual(
        terminal.asked.filter((question) => question.includes('router')),
        [],
      );
    });

    it('says first what to add where it cannot ask', async () => {
      doh.set('A', ADDRESS, { answers: [] });
      assert.equal(await run({ ips: [] }, { ownAddresses }), true);
      assert.equal(
        terminal.lines[0],
        '! This machine has no public IPv4 address. If a router forwards ports 80 and 443 to it: --address <IPv4> --address 2620:fe::1',
      );
    });
  });
});
