import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ManualClock } from '#clock/manual-clock.ts';
import { identity } from '#test/builders/peers.ts';
import { parcelOn } from '#test/builders/road.ts';
import { HttpClient } from '#test/peers/http-client.ts';
import { APP_ADDRESS, InternetApp } from '#test/peers/internet-app.ts';
import { postingOf } from '#test/peers/phone.ts';
import { answers } from '#test/peers/recipient-server.ts';
import { GatewayUnderTest, START } from './support/gateway-under-test.ts';

const AHEAD_MS = 8 * 3_600_000;
/** As many failures in a row as make the gateway leave an app alone, and more. */
const PARCELS = 5;

describe('A parcel that an Internet app did not take while the gateway’s clock was 8 hours ahead', () => {
  let folder: string;
  let app: InternetApp;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'awala-clock-ahead-'));
    app = await InternetApp.start();
  });
  afterEach(async () => {
    await app[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  function start(time: Date): Promise<GatewayUnderTest> {
    return GatewayUnderTest.start(
      { clock: new ManualClock(time) },
      {
        DATA_DIR: folder,
        ...app.doh.environment,
        DELIVERY_CONCURRENCY_PER_DESTINATION: '1',
      },
    );
  }

  /** Sends parcels to the app by PoWeb, and waits until it has refused each of them. */
  async function sendInVain(gateway: GatewayUnderTest): Promise<void> {
    app.server.behaviour = answers(503);
    const { us: _, recipient: endpoint, ...road } = await gateway.road();
    using client = new HttpClient(gateway.poweb);
    const parties = { ...road, sender: endpoint, recipient: identity('app') };
    for (let sent = 0; sent < PARCELS; sent++) {
      const body = parcelOn(parties as never, {
        recipient: identity('app').nodeId,
        internetAddress: APP_ADDRESS,
        ttlSeconds: 86_400,
      });
      const { status } = await client.post('/v1/parcels', await postingOf(body, road.phone));
      assert.equal(status, 202);
    }
    await pass(gateway, () => app.server.received.length >= PARCELS);
  }

  /** Lets time pass, a second at a time, until something is so. */
  async function pass(gateway: GatewayUnderTest, isSo: () => boolean): Promise<number> {
    for (let seconds = 0; ; seconds++) {
      for (let turn = 0; turn < 50; turn++) {
        if (isSo()) {
          return seconds;
        }
        await setImmediate();
      }
      gateway.clock.advance(1_000);
    }
  }

  const taken = () => new Set(app.server.received.map(({ body }) => body.toString('hex'))).size;

  it('is posted again within minutes of a restart by the right clock', async () => {
    {
      await using gateway = await start(new Date(START.getTime() + AHEAD_MS));
      await sendInVain(gateway);
    }
    app.server.behaviour = answers(202);
    app.server.received.length = 0;
    await using gateway = await start(START);
    assert.ok((await pass(gateway, () => taken() === PARCELS)) <= 600);
  });

  it('is posted again within minutes of when the clock is set right', async () => {
    await using gateway = await start(new Date(START.getTime() + AHEAD_MS));
    await sendInVain(gateway);
    gateway.clock.set(START);
    app.server.behaviour = answers(202);
    app.server.received.length = 0;
    assert.ok((await pass(gateway, () => taken() === PARCELS)) <= 600);
  });
});
