import type { WorkersLimits } from '#services/workers/limits.ts';
import { startWorkers, type Workers } from '#services/workers/workers.ts';
import type { WorkQueue } from '#work-queue/port.ts';
import { DohServer } from '../internet-delivery/doh-server.ts';
import { RecipientServer } from '../internet-delivery/recipient-server.ts';
import { APP_ADDRESS, type OpenedGateway } from './opened-gateway.ts';

const HOST = 'pdc.app.example';

/** An Internet app at `APP_ADDRESS`, with the resolver that knows it. */
export class AppOfATest implements AsyncDisposable {
  readonly server: RecipientServer;
  readonly doh: DohServer;

  private constructor(server: RecipientServer, doh: DohServer) {
    this.server = server;
    this.doh = doh;
  }

  static async start(): Promise<AppOfATest> {
    const app = new AppOfATest(await RecipientServer.start(), await DohServer.start());
    app.doh.setAddress(HOST, '127.0.0.1');
    app.doh.setService(APP_ADDRESS, { target: HOST, port: app.server.port });
    return app;
  }

  /** Workers that deliver to it, as one process has them. */
  async workers(opened: OpenedGateway, queue: WorkQueue = opened.queue): Promise<Workers> {
    const config: WorkersLimits = {
      delivery: {
        useTls: false,
        allowPrivateNetworks: true,
        dohUrl: this.doh.url,
        concurrency: 16,
        concurrencyPerDestination: 4,
        bufferOctets: 64 * 1024 * 1024,
      },
      cargo: { concurrency: 1 },
      sweepIntervalMs: 86_400_000,
      drainMs: 1_000,
    };
    const workers = startWorkers({ ...opened.ports, ...opened.gateway, queue }, config);
    await workers.firstSweep;
    return workers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.doh[Symbol.asyncDispose]();
  }
}
