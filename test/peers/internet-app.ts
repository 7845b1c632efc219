import { DohServer } from './doh-server.ts';
import { RecipientServer } from './recipient-server.ts';

/** Its default Internet address. */
export const APP_ADDRESS = 'app.example';

/** An Internet app that receives parcels, and the DNS server that knows it. */
export class InternetApp implements AsyncDisposable {
  readonly server: RecipientServer;
  readonly doh: DohServer;

  private constructor(server: RecipientServer, doh: DohServer) {
    this.server = server;
    this.doh = doh;
  }

  static async start(internetAddress = APP_ADDRESS): Promise<InternetApp> {
    const app = new InternetApp(await RecipientServer.start(), await DohServer.start());
    app.doh.setApp(internetAddress, app.server.port);
    return app;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.doh[Symbol.asyncDispose]();
  }
}
