import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { dataFolder, GatewayProcess } from './support/gateway-process.ts';

describe('the line that a gateway says to type next', () => {
  const repository = fileURLToPath(new URL('../..', import.meta.url));

  for (const host of ['127.0.0.1', '0.0.0.0', '::1']) {
    it(`pings the gateway that listens on ${host}, whatever its ports`, async () => {
      await using folder = await dataFolder();
      await using gateway = await GatewayProcess.start(folder.path, {
        BIND_HOST: host,
        npm_lifecycle_event: 'start',
      });
      const { stdout } = await promisify(execFile)('sh', ['-c', gateway.tryNext], {
        cwd: repository,
      });
      assert.match(stdout, /✓ acknowledged by courier/);
      assert.match(stdout, /The gateway relays parcels/);
    });
  }

  it('stands below where each port listens, that for operators on this machine only', async () => {
    await using folder = await dataFolder();
    await using gateway = await GatewayProcess.start(folder.path, { BIND_HOST: '0.0.0.0' });
    assert.match(gateway.welcome, /phones +http:\/\/0\.0\.0\.0:/);
    assert.match(gateway.welcome, /operators +http:\/\/127\.0\.0\.1:/);
  });

  it('needs no npm where npm did not start the gateway', async () => {
    await using folder = await dataFolder();
    await using gateway = await GatewayProcess.start(folder.path);
    assert.match(gateway.tryNext, /^awala-gateway ping http:\/\/127\.0\.0\.1:\d+ --cogrpc /);
  });
});
