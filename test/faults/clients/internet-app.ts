import { MessageVerifier } from '#awala/message-verifier.ts';
import { DohServer } from '#test/end-to-end/internet-delivery/doh-server.ts';
import { RecipientServer } from '#test/end-to-end/internet-delivery/recipient-server.ts';
import type { HandOver } from '../repeats.ts';
import { APP, APP_ADDRESS } from './load-phone.ts';

const HOST = 'pdc.app.example';
const ACCEPTED = 202;

/** An Internet app that parcels are posted to, and the DNS that leads there. */
export class InternetApp implements AsyncDisposable {
  /** Called with the id of each parcel that came, and who got it; what it returns is told of the answer. */
  onParcel: (id: string, to: string) => Pick<HandOver, 'acknowledgedAtMs'> = () => ({
    acknowledgedAtMs: null,
  });
  readonly #doh: DohServer;
  readonly #server: RecipientServer;
  readonly #verifier = new MessageVerifier();

  private constructor(doh: DohServer, server: RecipientServer) {
    this.#doh = doh;
    this.#server = server;
    server.behaviour = (response, { body }) => {
      const handOver = this.onParcel(this.#verifier.read(body, 'parcel').id, APP);
      server.received.length = 0;
      response.once('finish', () => {
        handOver.acknowledgedAtMs = performance.now();
      });
      response.writeHead(ACCEPTED).end();
    };
  }

  static async start(): Promise<InternetApp> {
    const doh = await DohServer.start();
    const server = await RecipientServer.start();
    doh.setAddress(HOST, '127.0.0.1');
    doh.setService(APP_ADDRESS, { target: HOST, port: server.port });
    return new InternetApp(doh, server);
  }

  /** What the workers are to be told, so that they find it. */
  get environment(): Readonly<Record<string, string>> {
    return {
      DOH_URL: this.#doh.url.href,
      POHTTP_CLIENT_TLS: 'false',
      POHTTP_ALLOW_PRIVATE_NETWORKS: 'true',
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await this.#doh[Symbol.asyncDispose]();
  }
}
