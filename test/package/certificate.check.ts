import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { freePort } from '#test/backing/free-ports.ts';
import { missingPebble, Pebble } from '#test/backing/pebble.ts';
import { trustInThisProcess } from '#test/end-to-end/public-port/certificate-files.ts';
import { HttpClient } from '#test/peers/http-client.ts';
import { connectOverTls, TlsTunnel } from '#test/peers/tls-tunnel.ts';
import { until } from '#test/runtime/until.ts';
import { buildWith, scratchFolder, THIS_ARCHITECTURE } from './built-packages.ts';
import { DebianRoot, whyNoDebian } from './debian-root.ts';
import { configure } from './installed-gateway.ts';

const NAME = 'gateway.example.org';
const CA_FILE = '/etc/awala-gateway/authority.pem';
/** Each look is a handshake. */
const LOOK_EVERY_MS = 100;

const skip = (await whyNoDebian()) ?? missingPebble;

describe('the installed gateway with ports that systemd holds', { skip }, () => {
  it('orders its certificate, and serves phones with it', async () => {
    await using folder = await scratchFolder();
    await using pebble = await Pebble.start();
    trustInThisProcess(pebble.authority);
    const authority = await pebble.root();
    await pebble.point(NAME, { ipv4: ['127.0.0.1'] });
    const options = ['--architecture', THIS_ARCHITECTURE, '--form', 'deb', '--level', '0'];
    const [deb = ''] = await buildWith(join(folder.path, 'deb'), ...options);
    await using root = await DebianRoot.make('trixie');
    const { status, output } = await root.run('dpkg', '-i', await root.receive(deb));
    assert.equal(status, 0, output);

    await configure(root);
    await writeFile(join(root.path, CA_FILE), pebble.authority.root);
    const lines = [
      'CERTIFICATES=acme',
      `ACME_DIRECTORY=${pebble.directory}`,
      `NODE_EXTRA_CA_CERTS=${CA_FILE}`,
    ];
    await root.sh(`printf '${lines.join('\\n')}\\n' >>/etc/awala-gateway/gateway.env`);
    const https = await freePort();
    const listen = [https, pebble.httpPort].map((port) => `--listen=127.0.0.1:${port}`).join(' ');
    const line = `exec systemd-socket-activate ${listen} --fdname=https:http /usr/bin/awala-gateway serve`;
    await using gateway = root.start('sh', '-c', line);
    await gateway.printed('Listening on');

    await until(async () => {
      const target = { port: https, root: authority, name: NAME };
      return (await connectOverTls(target).catch(() => null))?.destroy() !== undefined;
    }, LOOK_EVERY_MS);
    await using tunnel = await TlsTunnel.start({ port: https, root: authority, name: NAME });
    using phone = new HttpClient(tunnel.port);
    assert.equal((await phone.get('/connection-params.der')).status, 200);
    assert.equal(await gateway.stop(), 0, gateway.output);
    const { output: modes } = await root.sh(
      'stat -c "%A %U %n" /var/lib/awala-gateway/certificates/*.pem',
    );
    assert.match(modes, new RegExp(`^-rw------- awala-gateway \\S+/${NAME}\\.pem$`, 'm'));
  });
});
