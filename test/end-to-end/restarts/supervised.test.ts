import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HttpClient } from '#test/peers/http-client.ts';
import { TlsTunnel } from '#test/peers/tls-tunnel.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import { CertificateFiles } from '../public-port/certificate-files.ts';
import { dataFolder } from '../support/gateway-process.ts';
import { SupervisedGateway } from './supervised-gateway.ts';
import { undergoRestarts } from './undergo.ts';

describe('a gateway in one process whose parent holds its listening sockets', () => {
  it('loses no Android phone while it restarts, however long that takes', async (t) => {
    await using folder = await dataFolder();
    await using gateway = await SupervisedGateway.start(folder.path);
    await undergoRestarts(t, gateway, async () => {
      assert.equal(await gateway.restart(), 0);
    });
  });

  it('loses none that came by the public port either', async (t) => {
    await using folder = await dataFolder();
    await using files = await CertificateFiles.make();
    const environment = { ...files.environment, ...ANY_PORT };
    await using gateway = await SupervisedGateway.start(folder.path, environment);
    const { port } = gateway;
    await using tunnel = await TlsTunnel.start({ port, root: files.authority.root });
    await undergoRestarts(t, tunnel, async () => {
      assert.equal(await gateway.restart(), 0);
    });
  });

  it('answers everyone who connects while it restarts', async () => {
    await using folder = await dataFolder();
    await using gateway = await SupervisedGateway.start(folder.path);
    let isRestarting = true;
    const restarted = gateway.restart().finally(() => {
      isRestarting = false;
    });
    const statuses: number[] = [];
    while (isRestarting) {
      using client = new HttpClient(gateway.port);
      statuses.push((await client.get('/connection-params.der')).status);
    }
    assert.equal(await restarted, 0);
    assert.deepEqual([...new Set(statuses)], [200]);
  });
});
