import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ANY_PORT } from '#test/services/any-port.ts';
import { SERVICE_NAMES, ServiceProcess } from '#test/services/service-process.ts';
import { dataFolder, GatewayProcess } from './support/gateway-process.ts';

/** Starts a gateway that cannot start, and resolves with the end of its log. */
async function failedStart(environment: Readonly<Record<string, string>>): Promise<string> {
  await using gateway = await ServiceProcess.start('standalone', { ...ANY_PORT, ...environment });
  assert.equal(await gateway.exited, 1);
  assert.doesNotMatch(gateway.output, /^\s+at /m, 'a sentence, without a stack');
  return gateway.output;
}

describe('starting', { concurrency: 2 }, () => {
  it('is refused to a second gateway on the same data, and the first goes on', async () => {
    await using folder = await dataFolder();
    await using first = await GatewayProcess.start(folder.path);
    const output = await failedStart({ DATA_DIR: folder.path });
    assert.match(output, /Cannot start: .*gateway\.db is in use: only one gateway can run on/);
    const { status } = await fetch(`http://127.0.0.1:${first.operations}/readyz`);
    assert.equal(status, 200);
  });

  it('fails in a sentence where another program has the port', async () => {
    await using folder = await dataFolder();
    await using other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    for (const variable of ['POWEB_PORT', 'COGRPC_PORT']) {
      const output = await failedStart({ DATA_DIR: folder.path, [variable]: `${port}` });
      assert.match(
        output,
        new RegExp(
          `Cannot start: cannot listen on 127\\.0\\.0\\.1, port ${port}: another program listens there already; ${variable} names another port$`,
          'm',
        ),
      );
    }
  });

  it('fails in a sentence on an address of another machine', async () => {
    await using folder = await dataFolder();
    const output = await failedStart({ DATA_DIR: folder.path, BIND_HOST: '203.0.113.9' });
    assert.match(output, /cannot listen on 203\.0\.113\.9.*: this machine has no such address/);
  });

  it('fails in a sentence where the data folder is a file', async () => {
    await using folder = await dataFolder();
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    const output = await failedStart({ DATA_DIR: file });
    assert.match(output, /Cannot start: cannot mkdir .*file: file already exists/);
  });

  it('is refused with a variable that is nearly one of ours', async () => {
    const output = await failedStart({ INTERNET_ADRESS: 'gateway.example' });
    assert.match(output, /^ {2}INTERNET_ADRESS is unknown, but nearly INTERNET_ADDRESS: rename/m);
  });

  for (const name of SERVICE_NAMES) {
    it(`is refused with an argument (${name})`, async () => {
      await using service = await ServiceProcess.start(name, {}, { args: ['--verbose'] });
      assert.equal(await service.exited, 64);
      assert.match(
        service.output,
        /^unexpected argument “--verbose”: \w+ is configured by environment variables only\n$/,
      );
    });
  }
});
