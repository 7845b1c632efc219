import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ManualClock } from '#clock/manual-clock.ts';
import { GatewayUnderTest } from './support/gateway-under-test.ts';
import { HttpClient } from './support/http-client.ts';

const AN_HOUR_IN_MINUTES = 60;

describe('A gateway on one machine whose clock was ahead when it started before', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'awala-clock-ahead-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const start = (clock?: ManualClock) =>
    GatewayUnderTest.start(clock ? { clock } : {}, { DATA_DIR: folder });

  async function register(gateway: GatewayUnderTest): Promise<number> {
    using client = new HttpClient(gateway.poweb);
    const headers = { 'content-type': 'text/plain' };
    const body = Buffer.from('ab'.repeat(32));
    return (await client.post('/v1/pre-registrations', { headers, body })).status;
  }

  it('registers phones again after an hour, though nobody tells it the time', async () => {
    await (await start(new ManualClock(new Date('2099-01-01'))))[Symbol.asyncDispose]();
    await using gateway = await start();
    assert.equal(await register(gateway), 503);
    for (let minute = 0; minute < AN_HOUR_IN_MINUTES; minute++) {
      gateway.clock.advance(60_000);
      await setImmediate();
    }
    assert.equal(await register(gateway), 200);
  });
});
