import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { Operations } from './operations.ts';
import { processParts } from './process-parts.ts';

const CONFIG = {
  host: '127.0.0.1',
  operations: { host: '127.0.0.1', port: 0 },
  release: { revision: null, imageDigest: null },
};

async function readiness({ port }: Operations) {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  const { failing } = (await response.json()) as { readonly failing: unknown };
  return { status: response.status, failing };
}

describe('a service to its operators', () => {
  it('is not ready until it has started, says why, and starts once its backing is back', async () => {
    const clock = new ManualClock();
    const parts = processParts('poweb', { clock, log: silentLog });
    await using operations = await Operations.open(parts, CONFIG, {
      objects: { async check() {} },
    });
    let isAway = true;
    const attempted = Promise.withResolvers<void>();
    const starting = operations.untilAvailable(async () => {
      attempted.resolve();
      if (isAway) {
        throw new BackingUnavailableError('record-store', 'away');
      }
      return 'open';
    });
    await attempted.promise;
    assert.deepEqual(await readiness(operations), {
      status: 503,
      failing: { start: 'record-store: away' },
    });
    isAway = false;
    clock.advance(500);
    assert.equal(await starting, 'open');
    operations.started();
    clock.advance(1_000);
    assert.deepEqual(await readiness(operations), { status: 200, failing: {} });
    operations.drain();
    assert.equal((await readiness(operations)).status, 503);
  });

  it('gives up starting when it is told to stop, and at any other error', async () => {
    const stop = new AbortController();
    const parts = processParts('poweb', { log: silentLog, stopping: stop.signal });
    await using operations = await Operations.open(parts, CONFIG, {});
    const surprise = new Error('surprise');
    await assert.rejects(
      operations.untilAvailable(() => Promise.reject(surprise)),
      surprise,
    );
    const waiting = operations.untilAvailable(() =>
      Promise.reject(new BackingUnavailableError('signals', 'away')),
    );
    const reason = new Error('told to stop');
    stop.abort(reason);
    await assert.rejects(waiting, reason);
  });
});
