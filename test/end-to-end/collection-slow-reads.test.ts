import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { type Collection, composeCollection } from '#services/collection/compose.ts';
import { readCollectionConfig } from '#services/collection/config.ts';
import { composePoweb } from '#services/poweb/compose.ts';
import { readPowebConfig } from '#services/poweb/config.ts';
import { type HttpFaultProxy, startHttpFaultProxy } from '#test/backing/http-fault-proxy.ts';
import type { Collector } from '#test/peers/collector.ts';
import { Phone } from '#test/peers/phone.ts';
import { whileTimePasses } from '#test/runtime/until.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import { missingForServices, provisionCloudGateway } from '#test/services/cloud-gateway.ts';

const SETTINGS = {
  ...ANY_PORT,
  COLLECTION_DRAIN: '0s',
};
const PARCELS = 60;

const missing = await missingForServices();

describe('collection, a process of its own, from a Cloud Storage that is slow', {
  skip: missing,
}, () => {
  const opened = new AsyncDisposableStack();
  const clock = new ManualClock(new Date());
  let proxy: HttpFaultProxy;
  let collection: Collection;
  let powebPort: number;
  let phone: Phone;
  let phones = 0;

  before(async () => {
    const { environment } = await provisionCloudGateway();
    proxy = opened.use(await startHttpFaultProxy(new URL(environment.GCS_ENDPOINT ?? '').host));
    const direct = { ...environment, ...SETTINGS };
    const slow = { ...direct, GCS_ENDPOINT: proxy.origin };
    const poweb = await composePoweb(readPowebConfig(direct), { log: silentLog });
    opened.use(poweb);
    powebPort = poweb.listening.poweb;
    collection = await composeCollection(readCollectionConfig(slow), { log: silentLog, clock });
  });
  after(async () => {
    // Whom it must still see off is told the time by this clock as well.
    await whileTimePasses(clock, Promise.resolve(collection[Symbol.asyncDispose]()));
    await opened.disposeAsync();
  });
  beforeEach(async () => {
    phone = await Phone.register(powebPort, `phone ${phones++}`);
    for (let delivered = 0; delivered < PARCELS; delivered++) {
      await phone.deliver();
    }
  });

  /** Holds back what `isHeld` chooses among the downloads; tells how many are held, and lets them go. */
  function holdDownloads(isHeld: (download: number) => boolean) {
    const released = Promise.withResolvers<void>();
    const held = { count: 0, release: released.resolve };
    let downloads = 0;
    proxy.hold = (request) => {
      if (!/^GET .*alt=media/.test(request) || !isHeld(downloads++)) {
        return undefined;
      }
      held.count += 1;
      return released.promise;
    };
    return held;
  }

  async function collect(collector: Collector, count: number): Promise<void> {
    for (let collected = 0; collected < count; collected++) {
      collector.acknowledge(await collector.next());
    }
  }

  /** Lets time pass in steps that a collector which answers pings survives. */
  async function pass(collector: Collector, ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      clock.advance(500);
      await collector.roundTrip();
    }
  }

  /** Lets time pass until a delivery waits for the collector: two minutes at most. */
  async function passUntilWaiting(collector: Collector): Promise<void> {
    for (let passedMs = 0; collector.waiting === 0; passedMs += 500) {
      assert.ok(passedMs < 120_000, 'nothing came');
      await pass(collector, 500);
      // The download itself takes time that no clock of ours tells.
      await pause(20);
    }
  }

  it('brings all of 60 over one connection when one download takes 2.5 s', async () => {
    const held = holdDownloads((download) => download === 0);
    using collector = await phone.collect(collection.listening.collection);
    await collect(collector, PARCELS - 1);
    assert.equal(held.count, 1);
    await pass(collector, 2_500);
    held.release();
    await collect(collector, 1);
    await collector.roundTrip();
    assert.equal(held.count, 1);
  });

  it('brings all of 60 over one connection when one download is never answered', async () => {
    const held = holdDownloads((download) => download === 0);
    using collector = await phone.collect(collection.listening.collection);
    await collect(collector, PARCELS - 1);
    await passUntilWaiting(collector);
    await collect(collector, 1);
    assert.equal(held.count, 1);
    held.release();
  });

  it('brings all of 60 over one connection when none is answered for a minute', async () => {
    const held = holdDownloads(() => true);
    using collector = await phone.collect(collection.listening.collection);
    await pass(collector, 60_000);
    assert.equal(collector.waiting, 0);
    proxy.hold = null;
    held.release();
    await passUntilWaiting(collector);
    await collect(collector, PARCELS);
    await collector.roundTrip();
  });
});
