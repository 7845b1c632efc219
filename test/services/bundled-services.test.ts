import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { writeBundle } from '../../scripts/package/bundle.ts';
import { missingForServices } from './cloud-gateway.ts';
import { startFiveServices } from './five-services.ts';

const run = promisify(execFile);

const OPTIONS = ['--no-strip-types', '--disable-warning=ExperimentalWarning'];

describe('five services as the image has them', async () => {
  it('relay parcels by every road on Google Cloud’s services', {
    skip: await missingForServices(),
  }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'awala-bundle-'));
    try {
      await writeBundle(folder);
      await using gateway = await startFiveServices({}, { folder, options: OPTIONS });
      const { poweb, pohttp, cogrpc } = gateway.listening;
      const { stdout } = await run(
        process.execPath,
        [
          ...OPTIONS,
          join(folder, 'services/standalone/main.js'),
          'ping',
          `http://127.0.0.1:${poweb}`,
          '--cogrpc',
          `127.0.0.1:${cogrpc}`,
          '--pohttp',
          `http://127.0.0.1:${pohttp}`,
        ],
        { env: {} },
      );
      assert.match(stdout, /The gateway relays parcels/);
      for (const service of Object.values(gateway.services)) {
        assert.equal(await service.stop(), 0, service.output);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
