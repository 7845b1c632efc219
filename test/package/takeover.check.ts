import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { freePort } from '#test/backing/free-ports.ts';
import { Phone } from '#test/peers/phone.ts';
import { ServiceProcess } from '#test/services/service-process.ts';
import { buildWith, CLONE, scratchFolder, THIS_ARCHITECTURE } from './built-packages.ts';
import { DebianRoot, whyNoDebian } from './debian-root.ts';
import { configure, serving } from './installed-gateway.ts';

const run = promisify(execFile);

/** The last commit without a package. */
const BEFORE_PACKAGES = '093ebf9342fbc3b643b66f6460a0a296d3cde5ed';

const skip = (await whyNoDebian()) ?? (await whyNoCommit()) ?? false;

describe('the package on a machine where a clone ran', { skip }, () => {
  it('takes over its data: the same gateway, its phones and their parcels', async () => {
    await using folder = await scratchFolder();
    await using root = await DebianRoot.make('trixie');
    const options = ['--architecture', THIS_ARCHITECTURE, '--form', 'deb', '--level', '0'];
    const [deb = ''] = await buildWith(join(folder.path, 'deb'), ...options);
    const clone = await formerClone(folder.path);
    const data = join(folder.path, 'data');
    const poweb = await freePort();
    let parcel: Uint8Array;
    let phone: Phone;
    {
      await using former = await ServiceProcess.startReady(
        'standalone',
        {
          DATA_DIR: data,
          POWEB_PORT: `${poweb}`,
          POHTTP_PORT: '0',
          COGRPC_PORT: '0',
          INTERNET_ADDRESS: 'gateway.example.org',
        },
        { folder: clone },
      );
      phone = await Phone.register(poweb);
      parcel = await phone.deliver();
      assert.equal(await former.stop(), 0);
    }

    const { status, output } = await root.run('apt-get', 'install', '-y', await root.receive(deb));
    assert.equal(status, 0, output);
    await root.receive(data);
    // As docs/operations/one-machine.md has it, on a machine where the clone is in /root.
    const moved = await root.sh(`cp -a /root/data/. /var/lib/awala-gateway/
      chown -R awala-gateway: /var/lib/awala-gateway`);
    assert.equal(moved.status, 0, moved.output);

    const ports = await configure(root);
    await using gateway = await serving(root, ports);
    using collector = await phone.collect(ports.POWEB_PORT);
    const delivery = await collector.next();
    assert.deepEqual(Buffer.from(delivery.parcel), Buffer.from(parcel));
    collector.acknowledge(delivery);
    assert.equal(await gateway.stop(), 0);
  });
});

/** The clone as it was then, with today's libraries, which it also runs with. */
async function formerClone(folder: string): Promise<string> {
  const clone = join(folder, 'clone');
  await mkdir(clone);
  const line = `git -C "$0" archive ${BEFORE_PACKAGES} libs services package.json | tar -x -C "$1"`;
  await run('sh', ['-c', line, CLONE, clone]);
  await symlink(join(CLONE, 'node_modules'), join(clone, 'node_modules'));
  return clone;
}

async function whyNoCommit(): Promise<string | null> {
  try {
    await run('git', ['-C', CLONE, 'cat-file', '-e', BEFORE_PACKAGES]);
    return null;
  } catch {
    return 'this clone has no history';
  }
}
