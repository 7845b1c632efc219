import { makeNodeKey, Phone } from '#services/standalone/ping/phone.ts';
import { PowebClient } from '#services/standalone/ping/poweb-client.ts';
import { Collector, type CollectorOptions } from '#test/end-to-end/support/collector.ts';

const PATIENCE_MS = 20_000;

/** A phone that talks to a gateway over its network only: registers, delivers to itself, collects. */
export class NetworkPhone {
  readonly #phone: Phone;
  readonly #client: PowebClient;

  private constructor(phone: Phone, client: PowebClient) {
    this.#phone = phone;
    this.#client = client;
  }

  /** @param port - of PoWeb on this machine */
  static async register(port: number): Promise<NetworkPhone> {
    const client = new PowebClient(new URL(`http://127.0.0.1:${port}`));
    const key = await makeNodeKey();
    const registration = await client.register(key, AbortSignal.timeout(PATIENCE_MS));
    return new NetworkPhone(await Phone.withApps(key, registration), client);
  }

  /** Makes a parcel from one of its apps to another, and delivers it to the gateway. */
  async deliver(content: string): Promise<Uint8Array> {
    const { octets } = await this.#phone.makeParcel(Buffer.from(content), new Date());
    await this.#client.deliver(octets, this.#phone, AbortSignal.timeout(PATIENCE_MS));
    return octets;
  }

  /** Makes such a parcel, for somebody else to deliver. */
  async makeParcel(content: string): Promise<Uint8Array> {
    return (await this.#phone.makeParcel(Buffer.from(content), new Date())).octets;
  }

  /** Its signature of a challenge's nonce. */
  answerChallenge(nonce: Uint8Array): Promise<Uint8Array> {
    return this.#phone.answerChallenge(nonce);
  }

  /** Connects to collect, and proves who it is. */
  async collect(port: number, options: CollectorOptions = {}): Promise<Collector> {
    const collector = new Collector(port, options);
    const nonce = await collector.challenge();
    collector.respond([await this.#phone.answerChallenge(nonce)]);
    return collector;
  }
}
