import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort } from '#test/backing/free-ports.ts';
import { dataFolder, GatewayProcess } from '../support/gateway-process.ts';
import { undergoRestarts } from './undergo.ts';

// On a busy machine, a start may take longer than the 3 s after which phones come back. The order in
// which a gateway stops has a test that needs no time: ../stopping.test.ts.
describe('a gateway in one process that is started again at once', () => {
  it('loses no Android phone, though nobody holds its listening socket', async (t) => {
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
});
