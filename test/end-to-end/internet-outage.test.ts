import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ManualClock } from '#clock/manual-clock.ts';
import { databaseForTests } from '#sqlite/fixtures/database-for-tests.ts';
import { backing, uniqueName } from '#test/backing/backing.ts';
import { InternetApp } from '#test/peers/internet-app.ts';
import { answers, type Behaviour } from '#test/peers/recipient-server.ts';
import { until } from '#test/runtime/until.ts';
import { InMemoryWorkQueue } from '#work-queue/in-memory.ts';
import type { WorkQueue } from '#work-queue/port.ts';
import { openRedisQueue } from '#work-queue/redis/open-queue.ts';
import { openSqliteWorkQueue } from '#work-queue/sqlite/open-queue.ts';
import { OpenedGateway } from './workers/opened-gateway.ts';

const TOPIC = 'internet-delivery';
const OUTAGE_MS = 300_000;
const SEND_EVERY_MS = 5_000;
/** After an outage of five minutes, an app is tried again within this time. */
const NOTICED_WITHIN_MS = 100_000;

const emptied = databaseForTests();
const redis = await backing('redis');

const QUEUES: Readonly<Record<string, (clock: ManualClock) => Promise<WorkQueue>>> = {
  'in memory': async (clock) => new InMemoryWorkQueue({ clock }),
  'in SQLite': async (clock) => openSqliteWorkQueue({ ...(await emptied()), clock }),
};

const OUTAGES: Readonly<Record<string, Behaviour>> = {
  'cuts connections': (response) => void response.destroy(),
  'answers 503': answers(503),
  'answers 429': answers(429),
  'answers 503 and asks for a minute of peace': answers(503, { 'retry-after': '60' }),
  'answers 429 and asks for a minute of peace': answers(429, { 'retry-after': '60' }),
};

for (const [where, openQueue] of Object.entries(QUEUES)) {
  for (const [what, outage] of Object.entries(OUTAGES)) {
    describe(`after an app ${what} for five minutes, with the queue ${where}`, () => {
      it('parcels arrive with the first success, old and new', async () => {
        await using opened = await OpenedGateway.open({ openQueue });
        await using app = await InternetApp.start();
        await using workers = opened.startWorkers(app.doh.url);
        await workers.firstSweep;
        const road = new Road(opened, app);
        app.server.behaviour = outage;
        await road.pass(OUTAGE_MS, () => false);
        const { length: tries } = app.server.received;
        assert.ok(tries < 40, `${tries} tries at an app that was away`);
        app.server.behaviour = answers(202);
        await road.pass(NOTICED_WITHIN_MS, () => road.delivered > 0);
        // From here on, time stands still.
        await until(() => road.delivered === road.sent);
        await road.send();
        await until(() => road.delivered === road.sent);
        assert.equal(app.server.received.length, tries + road.sent);
        assert.deepEqual(await opened.outbox(), []);
        // Being put back is none.
        const attempts = opened.log.lines.map(({ attempt }) => Number(attempt ?? 1));
        assert.ok(Math.max(...attempts) <= tries + 1, `attempt ${Math.max(...attempts)}`);
      });
    });
  }
}

describe('after an outage that one of several workers met', { skip: redis.missing }, () => {
  it('all parcels arrive once another gets through', async () => {
    const url = `redis://${redis.address}`;
    const prefix = uniqueName('jobs');
    const openQueue = async () => openRedisQueue({ url, prefix, deadlineMs: 10_000 });
    // Time by which they wait is real; by that of the workers, it is the beginning for ever.
    const clock = new ManualClock(new Date());
    await using opened = await OpenedGateway.open({ clock, openQueue });
    await using app = await InternetApp.start();
    const road = new Road(opened, app);
    app.server.behaviour = answers(503, { 'retry-after': '300' });
    const workers = opened.startWorkers(app.doh.url);
    await workers.firstSweep;
    for (let count = 0; count < 40; count++) {
      await road.send();
    }
    await road.settle();
    await workers[Symbol.asyncDispose]();
    app.server.behaviour = answers(202);
    await using otherQueue = await openQueue();
    await using others = opened.startWorkers(app.doh.url, { queue: otherQueue });
    await others.firstSweep;
    await road.send();
    await until(() => road.delivered === 41);
  });
});

/** Parcels to the app, one each five seconds. */
class Road {
  sent = 0;
  readonly #opened: OpenedGateway;
  readonly #app: InternetApp;

  constructor(opened: OpenedGateway, app: InternetApp) {
    this.#opened = opened;
    this.#app = app;
  }

  get delivered(): number {
    return this.#opened.metrics.counts['parcelDelivered delivered'] ?? 0;
  }

  async send(): Promise<void> {
    const { intake } = this.#opened.gateway;
    const parcel = await this.#opened.internetBound({ id: `parcel ${this.sent}` });
    const { nodeId: privateGateway } = this.#opened.phone;
    const from = { privateGateway, isEstablished: false, road: 'poweb' } as const;
    await intake.acceptFromPrivateGateway(intake.read(parcel), from);
    this.sent++;
  }

  /** Lets so much time pass at most, until something is the case. */
  async pass(mostMs: number, isEnough: () => boolean): Promise<void> {
    const endMs = this.#nowMs() + mostMs;
    for (let nextMs = this.#nowMs(); !isEnough(); nextMs += SEND_EVERY_MS) {
      assert.ok(this.#nowMs() < endMs || mostMs === OUTAGE_MS, 'it took too long');
      if (this.#nowMs() >= endMs) {
        return;
      }
      await this.send();
      while (this.#nowMs() < nextMs + SEND_EVERY_MS && !isEnough()) {
        await this.settle();
        this.#opened.clock.advance(500);
      }
    }
  }

  /** Until all that is due has been dealt with. */
  async settle(): Promise<void> {
    const { queue, log } = this.#opened;
    await until(async () => {
      for (let turn = 0; turn < 10; turn++) {
        await setImmediate();
      }
      const failures = log.lines.filter(({ outcome }) => outcome === 'failed').length;
      const isAnswered = failures + this.delivered === this.#app.server.received.length;
      return isAnswered && (await queue.oldestDue(TOPIC)) === null;
    });
  }

  #nowMs(): number {
    return this.#opened.clock.now().getTime();
  }
}
