import { deliverParcel } from '@relaycorp/relaynet-pohttp';
import { RecipientServer } from '#test/peers/recipient-server.ts';
import { JsApp, type ReadParcel } from './app.ts';
import { readPing } from './ping.ts';

const ACCEPTED = 202;
const FORBIDDEN = 403;

/** An Internet app: a PoHTTP server and client on the deployed JavaScript libraries. */
export class JsInternetApp implements AsyncDisposable {
  readonly app: JsApp;
  /** Whether to answer each ping, by PoHTTP. */
  isAnswering = true;
  readonly #server: RecipientServer;
  readonly #gatewayUrl: string;
  readonly #received: ReadParcel[] = [];
  readonly #failures: unknown[] = [];
  #onParcel = () => {};

  private constructor(app: JsApp, server: RecipientServer, gatewayUrl: string) {
    this.app = app;
    this.#server = server;
    this.#gatewayUrl = gatewayUrl;
    server.behaviour = async (response, { body }) => {
      const accepted = await this.#accept(body);
      response.writeHead(accepted ? ACCEPTED : FORBIDDEN).end();
    };
  }

  /** @param pohttpPort - of the gateway that gets its answers */
  static async start(internetAddress: string, pohttpPort: number): Promise<JsInternetApp> {
    const app = await JsApp.onInternet(internetAddress);
    const server = await RecipientServer.start();
    return new JsInternetApp(app, server, `http://127.0.0.1:${pohttpPort}`);
  }

  get port(): number {
    return this.#server.port;
  }

  /** Resolves once so many parcels have arrived. @throws what the library threw about one */
  async received(count: number): Promise<readonly ReadParcel[]> {
    while (this.#received.length + this.#failures.length < count) {
      await new Promise<void>((resolve) => {
        this.#onParcel = resolve;
      });
    }
    if (this.#failures.length > 0) {
      throw new AggregateError(this.#failures);
    }
    return this.#received;
  }

  /** Delivers a parcel to the gateway. */
  async send(parcel: Buffer): Promise<void> {
    await deliverParcel(this.#gatewayUrl, parcel, { useTls: false });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  async #accept(octets: Buffer): Promise<boolean> {
    try {
      const received = await this.app.read(octets);
      if (this.isAnswering) {
        const { contact, pong } = readPing(received);
        await this.send(await this.app.writeToPhone(contact, pong));
      }
      this.#received.push(received);
      return true;
    } catch (error) {
      this.#failures.push(error);
      return false;
    } finally {
      this.#onParcel();
    }
  }
}
