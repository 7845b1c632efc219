import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { missingPebble } from '#test/backing/pebble.ts';
import { NamespaceChild } from '#test/slow-links/namespaces/child.ts';
import { asVersion, buildWith, scratchFolder, THIS_ARCHITECTURE } from '../built-packages.ts';
import { DebianRoot, type Ended, whyNoDebian } from '../debian-root.ts';
import { documentedBlocks } from './documented-blocks.ts';
import type { Internet } from './internet.ts';
import { bringOneUnit, stopUnit } from './one-unit.ts';
import { INTERNET, SERVER, TwoNetworks, whyNoNetworks } from './two-networks.ts';

const ADDRESS = 'gateway.example.org';
const AUTHORITIES = '/etc/authorities-of-a-test.pem';

const skip = (await whyNoDebian()) ?? (await whyNoNetworks()) ?? (missingPebble || false);

describe('the lines of docs/one-machine.md, typed into a fresh Debian', {
  skip,
  concurrency: false,
}, () => {
  const stack = new AsyncDisposableStack();
  let root: DebianRoot;
  let internet: NamespaceChild<Internet>;
  let all: readonly string[] = [];
  let rest: readonly string[] = [];
  let newerDeb = '';

  before(async () => {
    const folder = stack.use(await scratchFolder());
    const options = ['--architecture', THIS_ARCHITECTURE, '--form', 'deb', '--level', '0'];
    const [deb = ''] = await buildWith(folder.path, ...options);
    const networks = stack.use(await TwoNetworks.make('awala-one', ADDRESS));
    const world = new URL('internet.ts', import.meta.url).href;
    internet = stack.use(await NamespaceChild.start<Internet>(networks.internet, world));
    root = stack.use(await DebianRoot.make('trixie', networks.server));
    stack.defer(() => stopUnit(root));
    await bringOneUnit(root);
    for (const name of [deb, join(dirname(deb), 'SHA256SUMS')]) {
      await root.receive(name);
    }
    await prepare();
    newerDeb = await asVersion(deb, { version: '99.0.0', addedLayouts: 0 });
    all = await documentedBlocks();
    rest = all;
  });
  after(() => stack.disposeAsync());

  /** What a machine on the Internet finds by itself: names of resolvers, and whom to trust. */
  async function prepare(): Promise<void> {
    const { resolvers, roots } = await internet.ask('describe', undefined as never);
    await root.sh(`printf '127.0.0.1 localhost\n${INTERNET.ipv4} ${resolvers.join(' ')}\n' >/etc/hosts
      cat >${AUTHORITIES} <<'END'\n${roots}END`);
  }

  const inRoot = (script: string) =>
    `export NODE_EXTRA_CA_CERTS=${AUTHORITIES}; set -e; cd /root\n${script}`;

  /** Types the next block, which must hold this. */
  async function type(what: RegExp): Promise<Ended> {
    const [block = '', ...others] = rest;
    assert.match(block, what);
    rest = others;
    const ended = await root.sh(inRoot(block));
    assert.equal(ended.status, 0, `${block}\n${ended.output}`);
    return ended;
  }

  async function nodeId(): Promise<string> {
    const { output } = await root.sh(inRoot(`awala-gateway ping ${ADDRESS}`));
    return /, node ([0-9a-f]{65})$/m.exec(output)?.[1] ?? output;
  }

  it('installs the package, which starts nothing', async () => {
    const { output } = await type(/apt install/);
    assert.match(output, /\.deb: OK\n/);
    assert.match(output, /sudo awala-gateway setup gateway\.example\.org\n/);
  });

  it('sets the gateway up once its records are there, by every road, with its certificate', async () => {
    const { directory } = await internet.ask('describe', undefined as never);
    await root.sh(`echo ACME_DIRECTORY=${directory} >>/etc/awala-gateway/gateway.env`);
    const [block = '', ...others] = rest;
    rest = others;
    await using setup = root.start('sh', '-c', inRoot(`exec ${block}`));
    await setup.printed('DNSSEC –');
    const lines = setup.output.match(/^ {4}\S+ +3600 IN .*$/gm) ?? [];
    assert.equal(lines.length, 5, setup.output);
    assert.ok(
      lines.some((line) => line.endsWith(` A    ${SERVER.ipv4}`)),
      setup.output,
    );
    assert.ok(
      lines.some((line) => line.endsWith(` AAAA ${SERVER.ipv6}`)),
      setup.output,
    );
    await internet.ask('publish', lines as never);
    assert.equal(await setup.exited, 0, setup.output);
    assert.match(setup.output, /^✓ gateway +ready, with its certificate$/m);
    assert.match(
      setup.output,
      /✓ connection for phones .* 9\.9\.9\.9:443, TLSv1\.3, certificate by Pebble/,
    );
    assert.match(setup.output, /The gateway relays parcels/);
    assert.match(setup.output, /^Our Awala gateway: {2}gateway\.example\.org$/m);
  });

  it('serves a phone of the deployed client that knows its address alone', async () => {
    assert.equal(await internet.ask('phone', { address: ADDRESS } as never), 'to myself');
  });

  it('has the page for users in a file, and answers ping, status and doctor', async () => {
    assert.match(
      (await type(/for-users\.txt/)).output,
      /^Our Awala gateway: {2}gateway\.example\.org$/m,
    );
    const { output } = await type(/doctor/);
    assert.match(output, /The gateway relays parcels/);
    assert.match(output, /^Nothing is wrong\.$/m);
    assert.match((await type(/journalctl/)).output, /A courier delivered its cargo/);
  });

  it('is upgraded by the lines that installed it, and goes on as the same gateway', async () => {
    const before = await nodeId();
    await root.sh('rm /root/*.deb');
    const path = await root.receive(newerDeb);
    await root.sh(`cd /root && sha256sum ${path.replace(/^.*\//, '')} >SHA256SUMS`);
    const [install = '', setup = ''] = all;
    const installed = await root.sh(inRoot(install));
    assert.equal(installed.status, 0, installed.output);
    const repeated = await root.sh(inRoot(setup));
    assert.equal(repeated.status, 0, repeated.output);
    assert.match(repeated.output, /The gateway relays parcels/);
    assert.match(repeated.output, /^✓ DNS +leads to gateway\.example\.org:443$/m);
    assert.doesNotMatch(repeated.output, /IN SRV/, 'the records are there');
    const { output } = await root.sh(`dpkg-query -W -f '\${Version}' awala-gateway`);
    assert.equal(output, '99.0.0');
    assert.equal(await nodeId(), before);
    assert.equal(await internet.ask('phone', { address: ADDRESS } as never), 'to myself');
  });

  it('is removed without its data', async () => {
    await type(/apt remove/);
    const { output } = await root.sh('ls /var/lib/awala-gateway /etc/awala-gateway');
    assert.match(output, /^gateway\.db$/m);
    assert.match(output, /^gateway\.env$/m);
    assert.deepEqual(rest, []);
  });
});
