import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { NodeId } from '#awala/node-id.ts';
import { internetBoundKey } from '#gateway/held/object-keys.ts';
import { INTERNET_DELIVERY_TOPIC } from '#gateway/held/topics.ts';
import type { Workers } from '#services/workers/workers.ts';
import { RawServer } from '#test/end-to-end/internet-delivery/raw-server.ts';
import { OpenedGateway, type WorkersOptions } from '#test/end-to-end/workers/opened-gateway.ts';
import { APP_ADDRESS, InternetApp } from '#test/peers/internet-app.ts';

const DAY_MS = 86_400_000;
const STEP_MS = 100;

/** Workers that post parcels to an honest app, and to names that take connections and say nothing. */
export class PostingWorkers implements AsyncDisposable {
  /** Connections to silent names so far. */
  silentConnections = 0;
  readonly opened: OpenedGateway;
  readonly app: InternetApp;
  // Set by `start`.
  declare readonly silent: RawServer;
  declare readonly workers: Workers;
  #parcels = 0;

  private constructor(opened: OpenedGateway, app: InternetApp) {
    this.opened = opened;
    this.app = app;
  }

  static async start(options: WorkersOptions = {}): Promise<PostingWorkers> {
    const opened = await OpenedGateway.open();
    const app = await InternetApp.start();
    const posting = new PostingWorkers(opened, app);
    const silent = await RawServer.start(() => {
      posting.silentConnections += 1;
    });
    const workers = opened.startWorkers(app.doh.url, { drainMs: 0, ...options });
    await workers.firstSweep;
    return Object.assign(posting, { silent, workers });
  }

  /** Parcels that apps took. */
  get delivered(): number {
    return this.opened.metrics.counts['parcelDelivered delivered'] ?? 0;
  }

  /** Has a parcel posted, whose body says who sent it. */
  async send(from: string, to = APP_ADDRESS, octets = 100): Promise<void> {
    const { objects, queue, clock } = this.opened;
    const key = internetBoundKey({
      sender: `0${hash('sha256', from)}` as NodeId,
      recipientAddress: to,
      recipientId: 'app',
      parcelId: `parcel ${this.#parcels++}`,
    });
    const expiresAt = new Date(clock.now().getTime() + DAY_MS);
    await objects.put(key, Buffer.alloc(octets, `${from} `), { expiresAt });
    await queue.enqueue(INTERNET_DELIVERY_TOPIC, key, { expiresAt });
  }

  /** Has a parcel posted to each of so many silent names, on as many hosts. */
  async sendToSilent(count: number, sender: (index: number) => string, octets?: number) {
    for (let index = 0; index < count; index++) {
      const name = `silent-${index}.example`;
      this.app.doh.setApp(name, this.silent.port);
      await this.send(sender(index), name, octets);
    }
  }

  /**
   * Has a parcel posted to the app.
   *
   * @returns whether the app has it before so much time has passed
   */
  async isDelivered(from: string, to: string, withinMs: number): Promise<boolean> {
    const already = this.delivered;
    await this.send(from, to);
    for (let passedMs = 0; passedMs < withinMs; passedMs += STEP_MS) {
      for (let turn = 0; turn < 100; turn++) {
        if (this.delivered > already) {
          return true;
        }
        await setImmediate();
      }
      this.opened.clock.advance(STEP_MS);
    }
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.workers[Symbol.asyncDispose]();
    await this.opened[Symbol.asyncDispose]();
    await this.app[Symbol.asyncDispose]();
    await this.silent[Symbol.asyncDispose]();
  }
}
