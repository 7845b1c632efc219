import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { BackingUnavailableError } from '#backing/errors.ts';
import { ClockPlausibility } from '#clock/clock-plausibility.ts';
import type { Workers } from '#services/workers/workers.ts';
import type { DohServer } from '#test/peers/doh-server.ts';
import { APP_ADDRESS, InternetApp } from '#test/peers/internet-app.ts';
import { answers, type RecipientServer } from '#test/peers/recipient-server.ts';
import { until } from '#test/runtime/until.ts';
import { RawServer } from './internet-delivery/raw-server.ts';
import { OpenedGateway, type WorkersOptions } from './workers/opened-gateway.ts';
import type { LogLine } from './workers/recorded.ts';

const HOST = 'pdc.app.example';
const DEAD_ADDRESS = 'dead.example';
const HOUR_MS = 3_600_000;

describe('Delivery to the Internet', () => {
  let app: InternetApp;
  let doh: DohServer;
  let recipient: RecipientServer;
  let opened: OpenedGateway;
  let workers: Workers;

  beforeEach(async () => {
    app = await InternetApp.start();
    ({ doh, server: recipient } = app);
    opened = await OpenedGateway.open();
    workers = start();
    await workers.firstSweep;
  });

  afterEach(async () => {
    await workers[Symbol.asyncDispose]();
    await opened[Symbol.asyncDispose]();
    await app[Symbol.asyncDispose]();
  });

  function start(options: WorkersOptions = {}): Workers {
    return opened.startWorkers(app.doh.url, { sweepIntervalMs: 600_000, ...options });
  }

  /** Sends a parcel to an Internet address, by PoWeb. */
  async function send(id: string, internetAddress = APP_ADDRESS): Promise<Uint8Array> {
    const { intake } = opened.gateway;
    const parcel = await opened.internetBound({ id }, internetAddress);
    const { nodeId: privateGateway } = opened.phone;
    const from = { privateGateway, isEstablished: false, road: 'poweb' } as const;
    await intake.acceptFromPrivateGateway(intake.read(parcel), from);
    return parcel;
  }

  /** Waits until so many deliveries failed and were put back. */
  async function failures(count: number): Promise<void> {
    const isFailure = ({ outcome }: LogLine) => outcome === 'failed';
    await until(() => opened.log.lines.filter(isFailure).length >= count);
    await setImmediate();
  }

  const count = (name: string) => opened.metrics.counts[name] ?? 0;
  const delivered = (total: number) => until(() => count('parcelDelivered delivered') === total);

  it('posts the parcel, then deletes it', async () => {
    const parcel = await send('one');
    await delivered(1);
    assert.deepEqual(
      recipient.received.map(({ body }) => body),
      [Buffer.from(parcel)],
    );
    await until(async () => (await opened.outbox()).length === 0);
    await until(async () => (await opened.queue.depth('internet-delivery')) === 0);
  });

  it('takes the time from no app, nor from a resolver without TLS: neither for doubt nor against it', async () => {
    const plausibility = new ClockPlausibility({ clock: opened.clock, notBefore: new Date(0) });
    await workers[Symbol.asyncDispose]();
    workers = start({ plausibility });
    const tell = (date: Date) => {
      doh.date = date;
      recipient.behaviour = answers(202, { date: date.toUTCString() });
    };
    const now = opened.clock.now();
    tell(new Date(now.getTime() + 48 * HOUR_MS));
    await send('one');
    await delivered(1);
    assert.equal(plausibility.doubt, null);
    plausibility.remember(new Date(now.getTime() + HOUR_MS));
    const { doubt } = plausibility;
    assert.notEqual(doubt, null);
    tell(now);
    doh.setService('other.example', { target: HOST, port: recipient.port });
    await send('two', 'other.example');
    await delivered(2);
    assert.ok(doh.queries.includes('SRV _awala-pdc._tcp.other.example'));
    assert.equal(plausibility.doubt, doubt);
  });

  it('deletes a parcel that is refused for good, and does not try again', async () => {
    recipient.behaviour = answers(403);
    await send('one');
    await until(() => count('parcelDelivered refused') === 1);
    await until(async () => (await opened.queue.depth('internet-delivery')) === 0);
    assert.deepEqual(await opened.outbox(), []);
    assert.equal(recipient.received.length, 1);
  });

  it('tries again with growing pauses until the parcel expires', async () => {
    recipient.behaviour = answers(500);
    await send('one');
    const startMs = opened.clock.now().getTime();
    const triedAfterMs: number[] = [];
    while (opened.clock.now().getTime() < startMs + HOUR_MS) {
      await failures(triedAfterMs.length + 1);
      const triedAt = triedAfterMs.push(opened.clock.now().getTime() - startMs);
      while (recipient.received.length === triedAt) {
        opened.clock.advance(5_000);
        for (let turn = 0; turn < 20; turn++) {
          await setImmediate();
        }
        if (count('parcelDelivered expired') === 1) {
          break;
        }
      }
    }
    assert.deepEqual(await opened.outbox(), []);
    assert.ok(triedAfterMs.length >= 20 && triedAfterMs.length <= 36, triedAfterMs.join());
    const [first = 0, second = 0, ...later] = triedAfterMs;
    const last = later.at(-1) ?? 0;
    assert.ok(last - (later.at(-2) ?? 0) > 10 * (second - first), triedAfterMs.join());
  });

  it('stays away for as long as the recipient asks', async () => {
    recipient.behaviour = answers(429, { 'retry-after': '120' });
    await send('one');
    await failures(1);
    recipient.behaviour = answers(202);
    opened.clock.advance(119_000);
    for (let turn = 0; turn < 50; turn++) {
      await setImmediate();
    }
    assert.equal(recipient.received.length, 1);
    opened.clock.advance(1_000);
    await delivered(1);
  });

  it('delivers to others while a host with many parcels does not answer', async () => {
    await using silent = await RawServer.start();
    doh.setService(DEAD_ADDRESS, { target: HOST, port: silent.port });
    for (let index = 0; index < 100; index++) {
      await send(`dead-${index}`, DEAD_ADDRESS);
    }
    await send('live');
    await delivered(1);
    assert.equal((await opened.outbox()).length, 100);
  });

  it('leaves a dead host alone, trying it with one parcel now and then, and delivers all once it lives', async () => {
    recipient.behaviour = answers(503);
    const parcels = 20;
    for (let index = 0; index < parcels; index++) {
      await send(`parcel-${index}`);
    }
    // As many as go at once; three failures in a row are enough.
    await failures(4);
    for (let turn = 0; turn < 50; turn++) {
      await setImmediate();
    }
    assert.ok(recipient.received.length <= 7, `${recipient.received.length} requests`);
    recipient.behaviour = answers(202);
    await until(async () => {
      opened.clock.advance(1_000);
      await setImmediate();
      return count('parcelDelivered delivered') === parcels;
    });
    await until(async () => (await opened.outbox()).length === 0);
  });

  it('delivers a parcel that was replaced while it was under way', async () => {
    recipient.behaviour = async (response) => {
      recipient.behaviour = answers(202);
      const { outbox, intake } = opened.gateway;
      const again = intake.read(await opened.internetBound({ id: 'one' }));
      await outbox.store(again, again.recipient.internetAddress ?? '');
      response.writeHead(202).end();
    };
    await send('one');
    await delivered(2);
    assert.equal(recipient.received.length, 2);
    await until(async () => (await opened.outbox()).length === 0);
  });

  it('deletes later what was taken, without posting it again, when the object store fails', async () => {
    opened.beforeObjects = ({ method }) => {
      if (method === 'delete') {
        opened.beforeObjects = () => {};
        throw new BackingUnavailableError('object-store', 'down');
      }
    };
    await send('one');
    await until(async () => {
      opened.clock.advance(1_000);
      await setImmediate();
      return count('parcelDelivered delivered') === 1;
    });
    assert.equal(recipient.received.length, 1);
    await until(async () => (await opened.outbox()).length === 0);
  });

  it('keeps a parcel whose recipient is on a private network', async () => {
    await workers[Symbol.asyncDispose]();
    workers = start({ allowPrivateNetworks: false });
    await send('one');
    await failures(1);
    assert.equal(recipient.connections, 0);
    assert.equal((await opened.outbox()).length, 1);
    assert.ok(opened.log.lines.some(({ reason }) => reason === 'FORBIDDEN_ADDRESS'));
  });

  it('lets a delivery end when it stops', async () => {
    const arrived = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    recipient.behaviour = async (response) => {
      arrived.resolve();
      await goOn.promise;
      response.writeHead(202).end();
    };
    await send('one');
    await arrived.promise;
    const stopped = workers[Symbol.asyncDispose]();
    await send('two');
    goOn.resolve();
    await stopped;
    assert.equal(count('parcelDelivered delivered'), 1);
    assert.equal(recipient.received.length, 1);
    assert.equal((await opened.outbox()).length, 1);
    workers = start();
    await delivered(2);
  });

  it('gives back what does not end in time when it stops', async () => {
    await workers[Symbol.asyncDispose]();
    workers = start({ drainMs: 0 });
    const arrived = Promise.withResolvers<void>();
    recipient.behaviour = () => arrived.resolve();
    await send('one');
    await arrived.promise;
    await workers[Symbol.asyncDispose]();
    recipient.behaviour = answers(202);
    workers = start();
    await delivered(1);
    assert.equal(recipient.received.length, 2);
  });

  it('finds the parcels that have no job, once it starts', async () => {
    await workers[Symbol.asyncDispose]();
    const { expiresAt, key } = await storeWithoutJob();
    assert.equal(await opened.queue.depth('internet-delivery'), 0);
    workers = start();
    await delivered(1);
    assert.ok(expiresAt > opened.clock.now(), key);
  });

  /** As a queue that was lost leaves it. */
  async function storeWithoutJob() {
    await send('one');
    const [entry] = await Array.fromAsync(opened.objects.list('parcels/internet-bound/'));
    assert.ok(entry);
    const consumer = opened.queue.consume('internet-delivery', async () => {}, {
      concurrency: 1,
      maxAttempts: 1,
      visibilityTimeoutMs: 1_000,
    });
    await until(async () => (await opened.queue.depth('internet-delivery')) === 0);
    await consumer.close({ drainMs: 0 });
    return entry;
  }

  it('renews the certificate of the gateway at half its life', async () => {
    const { identity } = opened.gateway;
    assert.equal((await identity.trustedCertificates()).length, 1);
    opened.clock.advance(91 * 24 * HOUR_MS);
    await until(async () => (await identity.trustedCertificates()).length === 2);
  });
});
