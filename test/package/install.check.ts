import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asVersion, buildWith, scratchFolder, THIS_ARCHITECTURE } from './built-packages.ts';
import { DebianRoot, SUITES, whyNoDebian } from './debian-root.ts';
import { configure, nodeId, type Ports, ping, serving } from './installed-gateway.ts';
import { REAL_SYSTEMCTL, RecordingSystemd } from './recording-systemd.ts';

const NEXT_LINE = '  sudo awala-gateway setup gateway.example.org\n';

/** @returns the system calls that a unit does not allow, by the sets that systemd-analyze prints */
function deniedBy(unit: string, printed: string): readonly string[] {
  const sets = new Map(
    [...printed.matchAll(/^(@\S+)\n((?: .*\n?)*)/gm)].map(([, name = '', members = '']) => [
      name,
      [...members.matchAll(/^ +([@\w-]+)$/gm)].map(([, member = '']) => member),
    ]),
  );
  const expanded = (name: string): readonly string[] =>
    name.startsWith('@') ? (sets.get(name) ?? []).flatMap(expanded) : [name];
  const allowed = new Set<string>();
  for (const [, minus, names = ''] of unit.matchAll(/^SystemCallFilter=(~?)(.*)$/gm)) {
    for (const name of names.split(' ').flatMap(expanded)) {
      if (minus) {
        allowed.delete(name);
      } else {
        allowed.add(name);
      }
    }
  }
  return expanded('@known').filter((name) => !allowed.has(name));
}

const skip = (await whyNoDebian()) ?? false;

describe('the Debian package', { skip, concurrency: false }, () => {
  const stack = new AsyncDisposableStack();
  let deb = '';
  let newerDeb = '';
  let version = '';

  before(async () => {
    const folder = stack.use(await scratchFolder());
    const options = ['--architecture', THIS_ARCHITECTURE, '--form', 'deb', '--level', '0'];
    [deb = ''] = await buildWith(folder.path, ...options);
    version = /_([^_]+)_/.exec(deb)?.[1] ?? '';
    newerDeb = await asVersion(deb, { version: '99.0.0', addedLayouts: 1 });
  });
  after(() => stack.disposeAsync());

  for (const suite of SUITES) {
    describe(`installed on a fresh ${suite}`, () => {
      let root: DebianRoot;
      let systemd: RecordingSystemd;
      let printed = '';
      let ports: Ports;

      before(async () => {
        root = stack.use(await DebianRoot.make(suite));
        systemd = await RecordingSystemd.in(root);
        const path = await root.receive(deb);
        const { status, output } = await root.run('apt-get', 'install', '-y', path);
        assert.equal(status, 0, output);
        printed = output;
      });

      it('starts nothing, and says what comes next', async () => {
        assert.ok(printed.includes(NEXT_LINE), printed);
        assert.deepEqual(await systemd.takeCalls(), ['systemctl --system daemon-reload']);
        const { output: modes } = await root.sh(
          'stat -c "%A %U:%G %n" /etc/awala-gateway/gateway.env /var/*/awala-gateway',
        );
        assert.equal(
          modes,
          `-rw-r----- root:awala-gateway /etc/awala-gateway/gateway.env
drwx------ awala-gateway:awala-gateway /var/cache/awala-gateway
drwx------ awala-gateway:awala-gateway /var/lib/awala-gateway
`,
        );
      });

      it('tells who may not read the configuration to use sudo, except for what needs none', async () => {
        const asNobody = (line: string) =>
          root.sh(`setpriv --reuid=65534 --regid=65534 --clear-groups awala-gateway ${line}`);
        const refused = await asNobody('doctor');
        assert.equal(refused.status, 77);
        assert.match(refused.output, /: sudo awala-gateway doctor\n$/);
        assert.equal((await asNobody('--version')).status, 0);
        assert.equal((await asNobody('help ping')).status, 0);
        assert.match((await asNobody('status --help')).output, /^Usage: awala-gateway status/);
        const mistyped = await asNobody('stauts');
        assert.equal(mistyped.status, 64);
        assert.match(mistyped.output, /did you mean status\?/);
        const bare = await asNobody('');
        assert.equal(bare.status, 0);
        assert.ok(bare.output.endsWith('\nNext: sudo awala-gateway setup gateway.example.org\n'));
      });

      it('leads from the doctor and the status to the set-up, and to no key', async () => {
        const { status, output } = await root.sh('awala-gateway doctor');
        assert.equal(status, 1);
        assert.match(output, /^✗ gateway +is not set up\n.*\n +→ sudo awala-gateway setup /);
        assert.doesNotMatch(output, /keygen|INTERNET_ADDRESS|refuses/);
        const stopped = await root.sh('awala-gateway status');
        assert.match(stopped.output, /is not running\nStart it: sudo awala-gateway setup /);
        const { output: instead } = await root.sh('awala-gateway start');
        assert.equal(
          instead,
          'There is no command “start”. Instead: sudo systemctl start awala-gateway\n',
        );
      });

      it('has units that systemd takes without a remark, and that leave a process little', async () => {
        const { status, output } = await root.sh(
          'cd /usr/lib/systemd/system; exec systemd-analyze verify --man=no ./awala-gateway*',
        );
        assert.equal(output, '');
        assert.equal(status, 0);
        const { output: exposure } = await root.sh(
          'systemd-analyze security --offline=true /usr/lib/systemd/system/awala-gateway.service',
        );
        const level = Number(/exposure level .*: ([\d.]+)/.exec(exposure)?.[1]);
        assert.ok(level < 2, exposure);
      });

      it('starts those sockets with the service that are enabled, and no others', async () => {
        const wanted = async () =>
          (await root.sh('ls /etc/systemd/system/awala-gateway.service.wants')).output;
        const units = 'awala-gateway-https.socket awala-gateway-http.socket';
        const enabled = await root.sh(`${REAL_SYSTEMCTL} --root=/ enable ${units}`);
        assert.equal(enabled.status, 0, enabled.output);
        assert.equal(await wanted(), units.split(' ').toSorted().join('\n').concat('\n'));
        await root.sh(`${REAL_SYSTEMCTL} --root=/ disable ${units}`);
        assert.doesNotMatch(await wanted(), /socket/);
      });

      it('relays parcels with no more system calls than its unit allows', async () => {
        const unit = await root.sh('cat /usr/lib/systemd/system/awala-gateway.service');
        const sets = await root.sh('systemd-analyze syscall-filter');
        const denied = deniedBy(unit.output, sets.output);
        assert.ok(denied.includes('mount') && denied.includes('setpriority'), denied.join());
        assert.ok(!denied.includes('openat') && !denied.includes('prlimit64'), denied.join());
        const calls = denied.map((name) => `?${name}`).join();
        ports = await configure(root);
        await using gateway = await serving(
          root,
          ports,
          `umask 077; exec setpriv --reuid=awala-gateway --regid=awala-gateway --init-groups \\
            strace -D -f -qq --seccomp-bpf -e signal=none -e trace=${calls} -e inject=${calls}:error=EPERM \\
            awala-gateway serve`,
        );
        await ping(root, ports);
        assert.equal(await gateway.stop(), 0, gateway.output);
        assert.doesNotMatch(gateway.output, /INJECTED/, 'it asks for none that it is refused');
        await root.sh("sed -i '/^#/!{/DATA_DIR/!d}' /etc/awala-gateway/gateway.env");
      });

      it('relays parcels as a user of its own, and drains at SIGTERM', async () => {
        ports = await configure(root);
        await using gateway = await serving(root, ports);
        await ping(root, ports);
        assert.equal(await gateway.stop(), 0, gateway.output);
        assert.match(gateway.output, /Told to stop: draining[\s\S]*Stopped/);
        const { output } = await root.sh('find /var/lib/awala-gateway ! -user awala-gateway');
        assert.equal(output, '', 'all data is the gateway’s own');
      });

      it('backs up for root, and leaves the data to its user', async () => {
        const { status, output } = await root.sh(`umask 077
          echo four words of a test >/root/passphrase
          exec awala-gateway backup --passphrase-file /root/passphrase /root/backup`);
        assert.equal(status, 0, output);
        const restored = await root.sh(`exec awala-gateway restore \
          --passphrase-file /root/passphrase --replace-newer /root/backup`);
        assert.equal(restored.status, 0, restored.output);
        const foreign = await root.sh('find /var/lib/awala-gateway ! -user awala-gateway');
        assert.equal(foreign.output, '');
      });

      it('serves on a socket that systemd holds, from its first client on', async () => {
        const listen = `--listen=127.0.0.1:${ports.POWEB_PORT} --fdname=poweb`;
        const line = `exec systemd-socket-activate ${listen} /usr/bin/awala-gateway serve`;
        await using gateway = root.start('sh', '-c', line);
        await gateway.printed('Listening on');
        const url = `http://127.0.0.1:${ports.POWEB_PORT}/connection-params.der`;
        assert.equal((await fetch(url)).status, 200);
        await gateway.printed('Try next');
        assert.doesNotMatch(gateway.output, /LISTEN_FDS is for process/);
        assert.equal(await gateway.stop(), 0, gateway.output);
      });
    });
  }

  describe('over its life', () => {
    let root: DebianRoot;
    let systemd: RecordingSystemd;
    let ports: Ports;
    let identity = '';
    const dpkg = (...args: string[]) => root.run('dpkg', ...args);
    const state = async () =>
      (await root.sh(`dpkg-query -W -f '\${Status} \${Version}' awala-gateway`)).output;

    before(async () => {
      root = stack.use(await DebianRoot.make('trixie'));
      systemd = await RecordingSystemd.in(root);
      for (const path of [deb, newerDeb]) {
        await root.receive(path);
      }
    });
    const inside = (path: string) => path.replace(/^.*\//, '/root/');

    it('goes back to an older version that knows the data', async () => {
      const same = await asVersion(deb, { version: '98.0.0', addedLayouts: 0 });
      assert.equal((await dpkg('-i', await root.receive(same))).status, 0);
      assert.equal((await dpkg('-i', inside(deb))).status, 0);
      assert.equal(await state(), `install ok installed ${version}`);
    });

    it('keeps the data over an upgrade, and restarts the gateway but no socket', async () => {
      ports = await configure(root);
      identity = await nodeId(root, ports);
      await systemd.takeCalls();
      const { status, output } = await root.run('apt-get', 'install', '-y', inside(newerDeb));
      assert.equal(status, 0, output);
      assert.ok(!output.includes(NEXT_LINE), 'it is set up');
      assert.deepEqual(await systemd.takeCalls(), [
        'systemctl --system daemon-reload',
        'deb-systemd-invoke restart awala-gateway.service',
      ]);
      assert.equal(await nodeId(root, ports), identity);
    });

    it('is upgraded whatever the gateway’s user put where the data’s layout is noted', async () => {
      await root.sh(`cd /var/lib/awala-gateway
        rm -rf data-layout; mkdir -p data-layout/with; chown -R awala-gateway: data-layout`);
      const { status, output } = await dpkg('-i', inside(newerDeb));
      assert.equal(status, 0, output);
      const { output: kind } = await root.sh('stat -c %F /var/lib/awala-gateway/data-layout');
      assert.equal(kind, 'regular file\n');
      // Nobody may delete what is in there.
      await root.sh(`cd /var/lib/awala-gateway
        rm -f data-layout; mkdir -p data-layout/of-root; chown awala-gateway: data-layout
        touch data-layout/of-root/file`);
      const again = await dpkg('-i', inside(newerDeb));
      assert.equal(again.status, 0, again.output);
      assert.match(
        again.output,
        /data-layout cannot be written: an older version will not be refused/,
      );
      await root.sh('rm -rf /var/lib/awala-gateway/data-layout');
    });

    it('is not led elsewhere by links and pipes of the gateway’s user', async () => {
      await root.sh(`cd /var/lib/awala-gateway
        rm -rf data-layout data-layout.new; mkfifo data-layout
        echo precious >/root/precious; chmod 600 /root/precious
        ln -s /root/precious data-layout.new
        chown -h awala-gateway: data-layout data-layout.new`);
      const { status, output } = await dpkg('-i', inside(newerDeb));
      assert.equal(status, 0, output);
      const { output: left } = await root.sh('cat /root/precious; stat -c "%U %a" /root/precious');
      assert.equal(left, 'precious\nroot 600\n');
      const { output: layout } = await root.sh(
        'stat -c "%F %U %a" /var/lib/awala-gateway/data-layout',
      );
      assert.equal(layout, 'regular file awala-gateway 600\n');
    });

    it('refuses to go back to a version that does not know the data, and changes nothing', async () => {
      const { status, output } = await dpkg('-i', inside(deb));
      assert.notEqual(status, 0);
      assert.match(
        output,
        /the data on this machine has layout \d+, of a newer version; version \S+\nknows layout \d+ only\./,
      );
      assert.equal(await state(), 'install ok installed 99.0.0');
      assert.equal(await nodeId(root, ports), identity);
    });

    it('lets the gateway’s user read a configuration that was lost and set up again, under the address that its data has', async () => {
      await root.sh('mv /etc/awala-gateway /root/lost');
      const setUp = (...address: string[]) => {
        const rest = ['--yes', '--wait', '0s', '--address', '9.9.9.9'];
        return root.run('awala-gateway', 'setup', ...rest, ...address);
      };
      const other = await setUp('other.example.org');
      assert.match(other.output, /^✗ the gateway in \S+ is gateway\.example\.org, and its phones/m);
      const own = await setUp();
      assert.match(own.output, /^✓ configuration {2}\/etc\/awala-gateway\/gateway\.env$/m);
      const { output } = await root.sh(`stat -c '%A %U:%G' /etc/awala-gateway/gateway.env
        grep ^INTERNET_ADDRESS= /etc/awala-gateway/gateway.env
        rm -r /etc/awala-gateway; mv /root/lost /etc/awala-gateway`);
      assert.equal(output, '-rw-r----- root:awala-gateway\nINTERNET_ADDRESS=gateway.example.org\n');
    });

    it('stops the gateway when it is removed, and keeps all that it had', async () => {
      await systemd.takeCalls();
      assert.equal((await dpkg('-r', 'awala-gateway')).status, 0);
      assert.deepEqual(await systemd.takeCalls(), [
        'deb-systemd-invoke stop awala-gateway.service awala-gateway-https.socket awala-gateway-http.socket awala-gateway-poweb.socket awala-gateway-backup.timer',
        'systemctl --system daemon-reload',
      ]);
      const { output } = await root.sh('ls /var/lib/awala-gateway /etc/awala-gateway');
      assert.match(output, /^gateway\.db$/m);
      assert.match(output, /^gateway\.env$/m);
      assert.notEqual((await dpkg('-i', inside(deb))).status, 0, 'the data is still newer');
    });

    it('completes an upgrade that lost its power half-way', async () => {
      // Unpacked; then dark in the middle of configuring, with files half-made.
      assert.equal((await dpkg('--unpack', inside(newerDeb))).status, 0);
      await root.sh(`echo >/var/lib/awala-gateway/data-layout.new
        echo DATA >/etc/awala-gateway/gateway.env.new`);
      assert.equal(await state(), 'install ok unpacked 99.0.0');
      await systemd.takeCalls();
      const { status, output } = await dpkg('--configure', '-a');
      assert.equal(status, 0, output);
      assert.equal(await state(), 'install ok installed 99.0.0');
      assert.deepEqual((await systemd.takeCalls()).slice(-1), [
        'deb-systemd-invoke restart awala-gateway.service',
      ]);
      assert.equal(await nodeId(root, ports), identity);
    });

    it('forgets everything when it is purged', async () => {
      assert.equal((await dpkg('-P', 'awala-gateway')).status, 0);
      const { output } = await root.sh(
        'ls -d /var/*/awala-gateway /etc/awala-gateway /usr/lib/awala-gateway; id awala-gateway',
      );
      assert.doesNotMatch(output, /^\/|uid=/m);
    });
  });
});
