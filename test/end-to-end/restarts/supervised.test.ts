import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HttpClient } from '#test/peers/http-client.ts';
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
