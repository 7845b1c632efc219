import { CogRPCClient } from '@relaycorp/cogrpc';

/** A courier on the deployed JavaScript client, unmodified: each of its calls lasts three seconds at most. */
export class JsCourier {
  readonly #port: number;

  /** @param port - of the gateway's CogRPC, on this machine */
  constructor(port: number) {
    this.#port = port;
  }

  /** Resolves once the gateway acknowledged them all. @throws {CogRPCError} */
  async deliver(cargoes: readonly Buffer[]): Promise<void> {
    using connection = await this.#connect();
    async function* deliveries() {
      for (const [index, cargo] of cargoes.entries()) {
        yield { localId: String(index), cargo };
      }
    }
    await Array.fromAsync(connection.client.deliverCargo(deliveries()));
  }

  /**
   * Collects in one call.
   *
   * @param take - awaited before a cargo is acknowledged
   * @throws {CogRPCError}
   */
  async collect(
    cca: Buffer,
    take: (cargo: Buffer) => void | Promise<void> = () => {},
  ): Promise<Buffer[]> {
    using connection = await this.#connect();
    const cargoes: Buffer[] = [];
    for await (const cargo of connection.client.collectCargo(cca)) {
      cargoes.push(cargo);
      await take(cargo);
    }
    return cargoes;
  }

  /**
   * Collects in as many calls as it takes, as long as it is the time limit that ends them.
   *
   * @returns how many calls it took
   * @throws {CogRPCError} if a call ends for another reason
   */
  async collectInCalls(
    cca: Buffer,
    take: (cargo: Buffer) => void | Promise<void>,
  ): Promise<number> {
    for (let calls = 1; ; calls++) {
      try {
        await this.collect(cca, take);
        return calls;
      } catch (error) {
        if (!/DEADLINE_EXCEEDED/.test(String(error))) {
          throw error;
        }
      }
    }
  }

  async #connect(): Promise<{ readonly client: CogRPCClient } & Disposable> {
    const client = await CogRPCClient.initLocalhost(this.#port);
    return { client, [Symbol.dispose]: () => client.close() };
  }
}
