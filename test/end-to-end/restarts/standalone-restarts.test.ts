import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort } from '#test/backing/child-server.ts';
import { dataFolder, GatewayProcess } from '../support/gateway-process.ts';
import { SupervisedGateway } from './supervised-gateway.ts';
import { undergoRestarts } from './undergo.ts';

describe('a gateway in one process that restarts', () => {
  it('loses no Android phone if it is started again at once', async (t) => {
    await using folder = await dataFolder();
    const port = await freePort();
    const start = () => GatewayProcess.start(folder.path, { POWEB_PORT: `${port}` });
    let gateway = await start();
    try {
      await undergoRestarts(t, { port }, async () => {
        assert.equal(await gateway.end('SIGTERM'), 0);
        gateway = await start();
      });
    } finally {
      await gateway[Symbol.asyncDispose]();
    }
  });

  it('loses no Android phone if its parent holds the listening socket', async (t) => {
    await using folder = await dataFolder();
    await using gateway = await SupervisedGateway.start(folder.path);
    await undergoRestarts(t, gateway, async () => {
      assert.equal(await gateway.restart(), 0);
    });
  });
});
