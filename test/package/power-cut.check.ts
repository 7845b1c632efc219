import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Phone } from '#test/peers/phone.ts';
import { until } from '#test/runtime/until.ts';
import { asVersion, buildWith, scratchFolder, THIS_ARCHITECTURE } from './built-packages.ts';
import { DebianRoot, whyNoDebian } from './debian-root.ts';
import { configure, type Ports, serving } from './installed-gateway.ts';
import { blockAfter, documentedBlocks } from './one-machine/documented-blocks.ts';
import { bringOneUnit } from './one-machine/one-unit.ts';

/** The system call before which the machine goes dark. */
interface Cut {
  /** What the machine is about to do. */
  readonly when: string;
  readonly call: string;
  /** The file that the call is about. */
  readonly path: string;
  /** Which of these calls, from 1; the first unless given. */
  readonly nth?: number;
}

const LIB = '/usr/lib/awala-gateway';
const DATA = '/var/lib/awala-gateway';

const CUTS: readonly Cut[] = [
  { when: 'looks whether it knows the data', call: 'openat', path: `${DATA}/data-layout` },
  { when: 'has unpacked a part of Node', call: 'write', path: `${LIB}/node.dpkg-new`, nth: 500 },
  {
    when: 'has put some files in place, and others not',
    call: 'rename',
    path: `${LIB}/services/standalone/main.js.dpkg-new`,
  },
  { when: 'writes down the layout of the data', call: 'write', path: `${DATA}/data-layout.new` },
  { when: 'puts that in place', call: 'renameat2', path: `${DATA}/data-layout.new` },
  {
    when: 'has stopped the gateway to restart it',
    call: 'unlinkat',
    path: '/run/awala-gateway.pid',
  },
  { when: 'opens the data anew', call: 'pwrite64', path: `${DATA}/gateway.db-wal` },
  { when: 'notes that all is done', call: 'rename', path: '/var/lib/dpkg/status-new' },
];

/** Each look is a request. */
const LOOK_EVERY_MS = 50;

const BOOT = `rm -f /run/awala-gateway.pid
  systemctl start awala-gateway.service`;

/** Traces these system calls about these files, also where they are named without their folder. */
function traced(calls: readonly string[], paths: readonly string[]): string {
  const names = paths.flatMap((path) => [path, basename(path)]).map((path) => `-P ${path}`);
  return `strace -f -y -qq --seccomp-bpf -e signal=none -e trace=${calls.join()} ${names.join(' ')}`;
}

const skip = (await whyNoDebian()) ?? false;

/**
 * All processes die at once, and nothing that they wrote to the disk is lost. A real power cut also
 * loses what was not synced: of our own files that is looked at by the order of system calls alone,
 * and dpkg is trusted to sync its own, which it does unless it is told not to as here.
 */
describe('an upgrade during which the power fails', { skip, concurrency: false }, () => {
  const stack = new AsyncDisposableStack();
  let prepared: DebianRoot;
  let newerDeb = '';
  let ports: Ports;
  let phone: Phone;
  let parcel: Uint8Array;

  before(async () => {
    const folder = stack.use(await scratchFolder());
    const options = ['--architecture', THIS_ARCHITECTURE, '--form', 'deb', '--level', '0'];
    const [deb = ''] = await buildWith(folder.path, ...options);
    prepared = stack.use(await DebianRoot.make('trixie'));
    await bringOneUnit(prepared);
    const { status, output } = await prepared.run('dpkg', '-i', await prepared.receive(deb));
    assert.equal(status, 0, output);
    newerDeb = await asVersion(deb, { version: '99.0.0', addedLayouts: 1 });
    // As who upgrades by the page: with the new package and its checksum alone in the folder.
    await prepared.sh('rm /root/*.deb');
    newerDeb = await prepared.receive(newerDeb);
    await prepared.sh('cd /root && sha256sum *.deb >SHA256SUMS');
    ports = await configure(prepared);
    await using gateway = await serving(prepared, ports);
    phone = await Phone.register(ports.POWEB_PORT);
    parcel = await phone.deliver();
    assert.equal(await gateway.stop(), 0, gateway.output);
  });
  after(() => stack.disposeAsync());

  /** Runs the upgrade beside the gateway up to a system call, and cuts the power. */
  async function cutThePower(machine: DebianRoot, { call, path, nth = 1 }: Cut): Promise<void> {
    await using on = machine.switchOn(`${BOOT}
      until bash -c ': </dev/tcp/127.0.0.1/${ports.OPERATIONS_PORT}' 2>/dev/null; do sleep 0.05; done
      exec ${traced([call], [path])} -e inject=${call}:delay_enter=3600s:when=${nth} dpkg -i ${newerDeb}`);
    await on.printed(`${call}(`, nth);
    await on.stop('SIGKILL');
  }

  for (const cut of CUTS) {
    it(`is finished by the documented lines where the machine ${cut.when}`, async () => {
      await using machine = await prepared.copy();
      await cutThePower(machine, cut);
      const repair = await blockAfter('If the power fails during an upgrade');
      const [install = ''] = await documentedBlocks();
      await using on = machine.switchOn(`${BOOT}
        set -e; cd /root\n${repair}\n${install}\necho All typed; exec sleep infinity`);
      await on.printed('All typed');

      const { output: dpkg } =
        await machine.sh(`dpkg-query -W -f '\${Status} \${Version}\n' awala-gateway
        dpkg --verify awala-gateway; dpkg --audit; find / -xdev -name '*.dpkg-*'
        cat ${DATA}/data-layout`);
      assert.match(dpkg, /^install ok installed 99\.0\.0\n\d+\n$/, on.output);
      const operations = `http://127.0.0.1:${ports.OPERATIONS_PORT}`;
      await until(
        async () => (await fetch(`${operations}/servez`).catch(() => null))?.ok ?? false,
        LOOK_EVERY_MS,
      );
      assert.match(await (await fetch(`${operations}/version`)).text(), /99\.0\.0/);
      using collector = await phone.collect();
      const delivery = await collector.next();
      assert.deepEqual(Buffer.from(delivery.parcel), Buffer.from(parcel));
      const { output: findings } = await machine.run('awala-gateway', 'doctor');
      assert.match(findings, /^✓ database .* sound$/m);
      assert.match(findings, /^✓ ports .* answers on all$/m);
      // Nobody answers for the DNS here.
      assert.doesNotMatch(findings, /^✗ (?!DNS)/m);
    });
  }

  it('finds what was put in place on the disk, as it was synced before', async () => {
    await using machine = await prepared.copy();
    const paths = [`${DATA}/data-layout.new`, '/etc/awala-gateway/gateway.env.new'];
    const calls = ['fsync', 'rename', 'renameat', 'renameat2'];
    const { output } = await machine.sh(`rm /etc/awala-gateway/gateway.env
      exec ${traced(calls, paths)} /var/lib/dpkg/info/awala-gateway.postinst configure 0.1.0`);
    for (const path of paths) {
      const isNamed = new RegExp(
        `\\b(fsync|rename)\\w*\\(.*${RegExp.escape(basename(path))}\\b`,
        'g',
      );
      const order = [...output.matchAll(isNamed)].map(([, call]) => call);
      assert.deepEqual(order.slice(0, 2), ['fsync', 'rename'], output);
    }
  });
});
